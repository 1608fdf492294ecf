package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.Fault.Mode;
import org.junit.jupiter.api.Test;

class CustomerRecordRouteTest extends HttpRouteTest {
  private static final String UPSERT = "/crm/v3/objects/contacts/batch/upsert";

  CustomerRecordRouteTest() {
    super("customer-record", Destination.HUBSPOT, UPSERT, "contact");
  }

  @Override
  void configure(String org) {
    relay.set("relay.orgs." + org + ".hubspot.token", "pat-of-" + org);
    relay.set("relay.orgs." + org + ".hubspot.base-url", destinations.url(Destination.HUBSPOT));
  }

  @Override
  String event() {
    return updated("Ann", "2026-11-23T10:00:00Z");
  }

  private static String updated(String name, String version) {
    return event(
        "contact.updated",
        "{'contact':{'id':'v_1','email':'ann@example.com','name':'%s','updated_at':'%s'}}"
            .formatted(name, version));
  }

  private String written(int call) {
    return calls(Destination.HUBSPOT, UPSERT).get(call).body().toString();
  }

  @Test
  void a_visitor_becomes_a_contact_with_what_is_known() {
    start();
    send(
        event(
            "visitor.identified",
            "{'visitor':{'id':'v_1','email':'zoe@example.de','name':'Zoë 🦊 \\\"Z\\\" Müller','company':'F & S','phone':''}}"));
    assertThat(delivery("customer-record", 1, "done")).containsEntry("remote_id", "101");
    assertThat(written(0))
        .isEqualTo(
            json("{'inputs':[{'id':'zoe@example.de','idProperty':'email','properties':{'firstname':'Zoë','lastname':'🦊 \\'Z\\' Müller','company':'F & S'}}]}")
                .toString());
  }

  @Test
  void a_name_that_nobody_told_is_left_as_it_is() {
    start();
    send(event("contact.updated", "{'contact':{'id':'v_1','email':'a@example.com','phone':'1'}}"));
    delivery("customer-record", 1, "done");
    assertThat(written(0))
        .isEqualTo(
            json("{'inputs':[{'id':'a@example.com','idProperty':'email','properties':{'phone':'1'}}]}")
                .toString());
  }

  @Test
  void an_older_version_is_not_written_over_a_newer_one() {
    start();
    send(updated("New", "2026-11-23T10:00:01Z"));
    delivery("customer-record", 1, "done");
    send(updated("Old", "2026-11-23T12:00:00+02:00"));
    send(updated("Newest", "2026-11-23T10:00:01.5Z"));

    assertThat(delivery("customer-record", 2, "done"))
        .containsEntry("reason", "stale: version 2026-11-23T10:00:01Z is done already");
    delivery("customer-record", 3, "done");
    assertThat(calls(Destination.HUBSPOT, UPSERT))
        .extracting(call -> call.body().at("/inputs/0/properties/firstname").asText())
        .containsExactly("New", "Newest");
  }

  @Test
  void an_older_version_that_was_late_is_not_written_when_it_is_tried_again() {
    start();
    destinations.fault(Destination.HUBSPOT, Fault.of(Mode.BAD_REQUEST).times(1));
    send(updated("Old", "2026-11-23T10:00:00Z"));
    delivery("customer-record", 1, "dead");
    send(updated("New", "2026-11-23T10:00:01Z"));
    delivery("customer-record", 2, "done");

    row("update delivery set state = 'waiting', due_at = 0 where event_id = 1");
    delivery("customer-record", 1, "done");
    assertThat(calls(Destination.HUBSPOT, UPSERT)).hasSize(2);
  }

  @Test
  void a_record_that_a_207_refuses_is_dead() {
    start();
    destinations.fault(Destination.HUBSPOT, Fault.of(Mode.PARTIAL));
    send(event());
    var dead = delivery("customer-record", 1, "dead");
    assertThat(dead).containsEntry("status", 207).containsEntry("reason", "VALIDATION_ERROR");
    assertThat((String) dead.get("excerpt")).contains("Property values were not valid");
  }

  @Test
  void without_an_email_nothing_is_written() {
    start();
    send(event("visitor.identified", "{'visitor':{'id':'v_1','name':'Ann'}}"));
    assertThat(delivery("customer-record", 1, "done"))
        .containsEntry("reason", "nothing written; there is no email");
    assertThat(destinations.calls(Destination.HUBSPOT)).isEmpty();
  }
}
