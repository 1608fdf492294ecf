package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.sandbox.Call;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.Fault.Mode;
import convor.relay.testing.TestRelay;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As a bot, where nothing else is said: that has the longer answers. */
class SlackRouteTest extends HttpRouteTest {
  private static final String POST_MESSAGE = "/api/chat.postMessage";

  SlackRouteTest() {
    super("slack", Destination.SLACK, POST_MESSAGE, "message");
  }

  @Override
  void configure(String org) {
    relay.set("relay.orgs." + org + ".slack.bot-token", "xoxb-token-of-" + org);
    relay.set("relay.orgs." + org + ".slack.channel", "C_" + org);
    relay.set("relay.orgs." + org + ".slack.base-url", destinations.url(Destination.SLACK));
  }

  private void configureWebhook(String org) {
    relay.set(
        "relay.orgs." + org + ".slack.webhook-url",
        destinations.url(Destination.SLACK) + "/webhook/T_" + org + "/B1/secret-of-" + org);
  }

  @Override
  String event() {
    return event(
        "conversation.created",
        "{'conversation':{'id':'c_1','subject':'Refund','visitor':{'name':'Ann'}}}");
  }

  @Override
  void afterLostAnswer() {
    assertThat(delivery("slack", 1, "dead"))
        .containsEntry("attempt", 2)
        .containsEntry("reason", "the message may have been posted; it is not posted twice");
    assertThat(effects(Destination.SLACK, "message")).hasSize(1);
  }

  @Test
  void with_repeat_unknown_a_message_whose_answer_was_lost_is_posted_again() {
    relay.set("relay.orgs.acme.slack.repeat-unknown", "true");
    start();
    destinations.fault(Destination.SLACK, Fault.of(Mode.LOSE_ANSWER).times(1));
    send(event());
    assertThat(delivery("slack", 1, "done")).containsEntry("attempt", 2);
    assertThat(effects(Destination.SLACK, "message")).hasSize(2);
  }

  @Test
  void a_message_is_one_line_with_what_slack_would_interpret_escaped() {
    configureWebhook("acme");
    relay.shippedRoute("slack").start();
    send(
        event(
            "conversation.escalated",
            "{'conversation':{'id':'c_1','subject':'\\\"Save\\\" & <!channel>\\nfails 💥 C:\\\\new',"
                + "'visitor':{'name':'Ann O\\u0027Hara'}}}"));

    delivery("slack", 1, "done");
    Call call = calls(Destination.SLACK, "/webhook/T_acme/B1/secret-of-acme").get(0);
    String text =
        ":rotating_light: Escalated: *\"Save\" &amp; &lt;!channel&gt; fails 💥 C:\\new*, from Ann O'Hara";
    assertThat(call.method()).isEqualTo("POST");
    assertThat(call.headers())
        .containsEntry("content-type", "application/json")
        .containsEntry("user-agent", "convor-relay");
    assertThat(call.body().fieldNames()).toIterable().containsExactly("text", "blocks");
    assertThat(call.body().path("text").asText()).isEqualTo(text);
    assertThat(call.body().at("/blocks/0/text/text").asText()).isEqualTo(text);
    assertThat(call.body().at("/blocks/0/type").asText()).isEqualTo("section");
    assertThat(call.body().at("/blocks/0/block_id").asText()).matches("relay-[0-9a-f]{32}");
    assertThat(call.body().path("blocks")).hasSize(1);
  }

  @Test
  void a_bot_names_its_channel_and_the_delivery_keeps_the_timestamp() {
    start();
    send(event());
    Object id = delivery("slack", 1, "done").get("remote_id");
    assertThat(id).isEqualTo(effects(Destination.SLACK, "message").get(0).id());
    assertThat(calls(Destination.SLACK, POST_MESSAGE).get(0).body())
        .hasToString(
            json("{'channel':'C_acme','text':':speech_balloon: New conversation: *Refund*, from Ann','blocks':"
                    + "[{'type':'section','block_id':'%s','text':{'type':'mrkdwn','text':':speech_balloon: New conversation: *Refund*, from Ann'}}]}"
                        .formatted(effects(Destination.SLACK, "message").get(0).marker()))
                .toString());
  }

  @Test
  void a_subject_without_end_is_cut_between_characters() {
    start();
    String subject = "x".repeat(199) + "💥".repeat(1000);
    send(event("conversation.created", "{'conversation':{'subject':'" + subject + "'}}"));
    delivery("slack", 1, "done");
    assertThat(calls(Destination.SLACK, POST_MESSAGE).get(0).body().path("text").asText())
        .isEqualTo(
            ":speech_balloon: New conversation: *" + "x".repeat(199) + "💥*, from a visitor");
  }

  @ParameterizedTest
  @CsvSource({
    "channel_not_found, dead",
    "is_archived, dead",
    "msg_too_long, dead",
    "invalid_auth, refused",
    "token_revoked, refused",
    "account_inactive, refused",
    "missing_scope, refused",
    "ratelimited, limited",
    "internal_error, retry",
    "never_heard_of, retry",
  })
  void a_200_that_is_not_ok_is_no_success(String error, String outcome) {
    relay.set("relay.delivery.backoff", "1h");
    start();
    destinations.fault(Destination.SLACK, Fault.of(Mode.NOT_OK).error(error));
    send(event());
    var row = delivery("slack", 1, outcome.equals("dead") ? "dead" : "waiting");
    assertThat(row).containsEntry("reason", error).containsEntry("status", 200);
    assertThat((String) row.get("excerpt")).contains("\"ok\":false", error);
    assertThat(row)
        .containsEntry("attempt", List.of("limited", "refused").contains(outcome) ? 0 : 1);
    var pair = pair("slack", "acme");
    assertThat(pair).containsEntry("state", outcome.equals("refused") ? "paused" : "active");
    assertThat(pair.get("wait_until") != null).isEqualTo(outcome.equals("limited"));
    assertThat(effects(Destination.SLACK, "message")).isEmpty();
  }

  @Test
  void each_organization_writes_to_its_own_address() {
    relay.set("relay.orgs.globex.webhook.secrets", TestRelay.SECRET);
    configureWebhook("acme");
    configureWebhook("globex");
    relay.shippedRoute("slack").start();
    for (int i = 0; i < 3; i++) {
      send("acme", event("conversation.created", "{'conversation':{'subject':'of acme'}}"));
      send("globex", event("conversation.created", "{'conversation':{'subject':'of globex'}}"));
    }
    await().atMost(PATIENCE).until(() -> effects(Destination.SLACK, "message").size() == 6);
    for (String org : List.of("acme", "globex")) {
      assertThat(calls(Destination.SLACK, "/webhook/T_%s/B1/secret-of-%s".formatted(org, org)))
          .hasSize(3)
          .allSatisfy(call -> assertThat(call.body().path("text").asText()).contains("of " + org));
    }
  }
}
