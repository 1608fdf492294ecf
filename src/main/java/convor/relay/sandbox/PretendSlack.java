package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;

/**
 * Slack's incoming webhooks and {@code chat.postMessage}. Keeps no message: Slack has no way to
 * look one up by what is in it.
 *
 * @see <a
 *     href="https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks">webhook
 *     errors</a>
 * @see <a href="https://api.slack.com/methods/chat.postMessage">chat.postMessage</a>
 */
final class PretendSlack implements PretendApi {
  private long posted;

  @Override
  public Reply answer(Ask ask) {
    if (ask.is("POST", "/api/chat.postMessage")) {
      return postMessage(ask);
    } else if (ask.path().equals("/webhook") || ask.path().startsWith("/webhook/")) {
      return webhook(ask);
    }
    return error(404);
  }

  private Reply webhook(Ask ask) {
    if (!ask.request().method().name().equals("POST") || !ask.body().isObject()) {
      return Reply.text(400, "invalid_payload");
    } else if (saysNothing(ask.body())) {
      return Reply.text(400, "no_text");
    }
    String account = ask.path().replaceFirst("^/webhook/?", "");
    return Reply.text(200, "ok").did(List.of(message(ask, nextTimestamp(ask), account)));
  }

  private Reply postMessage(Ask ask) {
    String token = ask.bearer();
    if (token == null) {
      return notOk("not_authed");
    } else if (ask.body().path("channel").asText().isBlank()) {
      return notOk("channel_not_found");
    } else if (saysNothing(ask.body())) {
      return notOk("no_text");
    }
    String ts = nextTimestamp(ask);
    JsonNode channel = ask.body().path("channel");
    JsonNode message =
        Json.object(
            "type", "message", "subtype", "bot_message", "text", ask.body().get("text"), "ts", ts);
    return Reply.of(200, Json.object("ok", true, "channel", channel, "ts", ts, "message", message))
        .did(List.of(message(ask, ts, Ask.account(token))));
  }

  private static boolean saysNothing(JsonNode body) {
    return body.path("text").asText().isBlank()
        && body.path("blocks").isEmpty()
        && body.path("attachments").isEmpty();
  }

  private String nextTimestamp(Ask ask) {
    return String.format(Locale.ROOT, "%d.%06d", ask.now().getEpochSecond(), ++posted % 1_000_000);
  }

  private static Effect message(Ask ask, String ts, String account) {
    return new Effect(ask.now(), "message", ts, account, ask.marker());
  }

  static Reply notOk(String code) {
    return Reply.of(200, Json.object("ok", false, "error", code));
  }

  /**
   * Texts, as an incoming webhook answers; the Web API's own refusals are a 200, see {@link
   * Fault.Mode#NOT_OK}.
   */
  @Override
  public Reply error(int status) {
    return Reply.text(
        status,
        switch (status) {
          case 400 -> "invalid_payload";
          case 401, 403 -> "invalid_token";
          case 404 -> "no_service";
          case 410 -> "channel_is_archived";
          case 429 -> "rate_limited";
          default -> "rollup_error";
        });
  }
}
