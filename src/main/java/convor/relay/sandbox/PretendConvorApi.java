package convor.relay.sandbox;

import convor.relay.sandbox.ConvorAccount.Page;
import convor.relay.sandbox.ConvorAccount.Wanted;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Convor's REST API, from which the relay reads what the webhooks missed. It is not published: this
 * is our assumption. An API key, as {@code Authorization: Bearer}, is one organization's.
 *
 * <ul>
 *   <li>{@code GET /v1/conversations}, ordered by (updated_at, id), with an opaque {@code cursor}:
 *       {@code {"data":[…],"next_cursor":"…","has_more":true}}. At the end {@code next_cursor} is
 *       null; the last cursor stays good and later gives what came after it too.
 *   <li>{@code GET /v1/messages}, ordered by (created_at, id): {@code
 *       {"data":[…],"has_more":true}}, no cursor.
 * </ul>
 *
 * Both take {@code limit} (1 to 100, or 20,000 messages; 100 unless given; more is cut), {@code
 * updated_since} (inclusive) and {@code updated_until} (exclusive), ISO-8601. Refusals: 401 without
 * a known key, 410 for an unknown or expired cursor, 422 for a value that is none.
 */
final class PretendConvorApi implements PretendApi {
  private static final int LIMIT = 100;
  private static final int MESSAGES_LIMIT = 20_000;

  private final Map<String, ConvorAccount> accounts = new HashMap<>();

  void serve(String key, ConvorAccount account) {
    accounts.put(key, account);
  }

  @Override
  public Reply answer(Ask ask) {
    ConvorAccount account = accounts.get(String.valueOf(ask.bearer()));
    if (account == null) {
      return error(401);
    } else if (!ask.request().method().name().equals("GET")) {
      return error(405).header("Allow", "GET");
    }
    try {
      return switch (ask.path()) {
        case "/v1/conversations" -> conversations(account, ask);
        case "/v1/messages" -> messages(account, ask);
        default -> error(404);
      };
    } catch (IllegalArgumentException wrong) {
      return refusal(422, "invalid_parameter", String.valueOf(wrong.getMessage()));
    }
  }

  private static Reply conversations(ConvorAccount account, Ask ask) {
    Optional<Page> page =
        account.conversations(wanted(ask, ask.request().getParam("cursor"), LIMIT));
    return page.map(
            found ->
                Reply.of(
                    200,
                    Json.object(
                        "data",
                        found.rows(),
                        "next_cursor",
                        found.next(),
                        "has_more",
                        found.next() != null)))
        .orElseGet(
            () -> refusal(410, "cursor_expired", "The cursor is expired or unknown: begin anew"));
  }

  private static Reply messages(ConvorAccount account, Ask ask) {
    Page page = account.messages(wanted(ask, null, MESSAGES_LIMIT)).orElseThrow();
    return Reply.of(200, Json.object("data", page.rows(), "has_more", page.next() != null));
  }

  private static Wanted wanted(Ask ask, @Nullable String cursor, int most) {
    return new Wanted(
        cursor, time(ask, "updated_since"), time(ask, "updated_until"), limit(ask, most));
  }

  private static int limit(Ask ask, int most) {
    String limit = ask.request().getParam("limit");
    if (limit == null) {
      return LIMIT;
    } else if (!limit.matches("0*[1-9][0-9]*")) {
      throw new IllegalArgumentException("limit is a whole number from 1 to " + most);
    }
    return limit.length() > 9 ? most : Math.min(most, Integer.parseInt(limit));
  }

  private static @Nullable Instant time(Ask ask, String name) {
    String text = ask.request().getParam(name);
    try {
      return text == null ? null : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException wrong) {
      throw new IllegalArgumentException(
          name + " is a time with an offset, such as 2026-11-23T10:00:00Z");
    }
  }

  @Override
  public Reply error(int status) {
    return switch (status) {
      case 400 -> refusal(status, "bad_request", "The request could not be understood");
      case 401 -> refusal(status, "unauthorized", "The API key is missing, unknown or revoked");
      case 403 -> refusal(status, "forbidden", "The API key may not read this");
      case 404 -> refusal(status, "not_found", "There is nothing here");
      case 405 -> refusal(status, "method_not_allowed", "This can only be read");
      case 410 -> refusal(status, "cursor_expired", "The cursor is expired: begin anew");
      case 429 -> refusal(status, "rate_limited", "Too many requests");
      default -> refusal(status, "internal_error", "Something went wrong");
    };
  }

  private static Reply refusal(int status, String code, String message) {
    return Reply.of(status, Json.object("error", Json.object("code", code, "message", message)));
  }

  /** The organization, whose key must not be told. */
  @Override
  public String caller(Ask ask) {
    ConvorAccount account = accounts.get(String.valueOf(ask.bearer()));
    return account == null ? "unknown" : account.org();
  }

  @Override
  public void expireCursors() {
    accounts.values().forEach(ConvorAccount::expireCursors);
  }
}
