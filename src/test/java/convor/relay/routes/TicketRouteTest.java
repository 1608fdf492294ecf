package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.sandbox.Call;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.Fault.Mode;
import convor.relay.testing.TestRelay;
import org.junit.jupiter.api.Test;

class TicketRouteTest extends HttpRouteTest {
  private static final String TICKETS = "/api/v2/tickets";

  TicketRouteTest() {
    super("ticket", Destination.ZENDESK, TICKETS, "ticket");
  }

  @Override
  void configure(String org) {
    relay.set("relay.orgs." + org + ".zendesk.base-url", destinations.url(Destination.ZENDESK));
    relay.set("relay.orgs." + org + ".zendesk.email", "agent@" + org + ".example");
    relay.set("relay.orgs." + org + ".zendesk.token", "zendesk-token-of-" + org);
  }

  @Override
  String event() {
    return event(
        "conversation.escalated",
        "{'conversation':{'id':'c_1','subject':'\\\"Save\\\" <b>\\nfails 💥','visitor':{'email':'ann@example.com','name':'Ann O\\u0027Hara'}},"
            + "'message':{'text':'I said \\\"no\\\",\\r\\n\\tthen 👋'}}");
  }

  @Test
  void a_ticket_says_who_asks_what() {
    start();
    send(event());
    assertThat(delivery("ticket", 1, "done")).containsEntry("remote_id", "1");
    Call call = calls(Destination.ZENDESK, TICKETS).get(0);
    String key = call.headers().get("idempotency-key");
    assertThat(key).matches("[0-9a-f]{32}");
    assertThat(call.headers()).containsEntry("content-type", "application/json");
    assertThat(call.body())
        .hasToString(
            json(("{'ticket':{'subject':'\\\"Save\\\" <b>\\nfails 💥','comment':{'body':'I said \\\"no\\\",\\r\\n\\tthen 👋\\n\\nConvor conversation c_1'},"
                        + "'requester':{'email':'ann@example.com','name':'Ann O\\u0027Hara'},'external_id':'%s','tags':['convor']}}")
                    .formatted(key))
                .toString());
    assertThat(effects(Destination.ZENDESK, "ticket").get(0).account())
        .isEqualTo("agent@acme.example");
  }

  @Test
  void a_visitor_without_a_name_is_called_by_the_email_and_one_without_both_is_nobody() {
    start();
    send(
        event(
            "conversation.escalated",
            "{'conversation':{'id':'c_1','visitor':{'email':'ann@example.com','name':''}}}"));
    send(event("conversation.escalated", "{'conversation':{'id':'c_2'}}"));
    delivery("ticket", 1, "done");
    delivery("ticket", 2, "done");
    assertThat(calls(Destination.ZENDESK, TICKETS))
        .extracting(call -> call.body().at("/ticket/requester/name").asText("nobody"))
        .containsExactlyInAnyOrder("ann@example.com", "nobody");
  }

  /** However late: Zendesk's own memory of keys is not needed. */
  @Test
  void a_second_attempt_looks_for_the_ticket_first() {
    start();
    destinations.fault(Destination.ZENDESK, Fault.of(Mode.LOSE_ANSWER).times(1));
    send(event());
    assertThat(delivery("ticket", 1, "done")).containsEntry("remote_id", "1");
    assertThat(destinations.calls(Destination.ZENDESK))
        .extracting(Call::method)
        .containsExactly("POST", "GET");
    assertThat(destinations.calls(Destination.ZENDESK).get(1).path())
        .matches("/api/v2/tickets\\?external_id=[0-9a-f]{32}");
  }

  @Test
  void two_organizations_have_their_own_tickets() {
    relay.set("relay.orgs.globex.webhook.secrets", TestRelay.SECRET);
    configure("globex");
    start();
    send("acme", event());
    send("globex", event());
    delivery("ticket", 1, "done");
    delivery("ticket", 2, "done");
    assertThat(effects(Destination.ZENDESK, "ticket"))
        .extracting("account")
        .containsExactlyInAnyOrder("agent@acme.example", "agent@globex.example");
  }
}
