package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.sandbox.Call;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.Fault.Mode;
import convor.relay.testing.TestRelay;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

class CrmNoteRouteTest extends HttpRouteTest {
  private static final String NOTES = "/crm/v3/objects/notes";

  CrmNoteRouteTest() {
    super("crm-note", Destination.HUBSPOT, NOTES, "note");
  }

  @Override
  void configure(String org) {
    relay.set("relay.orgs." + org + ".hubspot.token", "pat-of-" + org);
    relay.set("relay.orgs." + org + ".hubspot.base-url", destinations.url(Destination.HUBSPOT));
  }

  @Override
  void prepareDestination() {
    contact("acme", "ann@example.com");
  }

  /** Creates a contact; returns its id. */
  private String contact(String org, String email) {
    String inputs =
        "{'inputs':[{'id':'%s','idProperty':'email','properties':{'x':'y'}}]}".formatted(email);
    HttpResponse<String> answer =
        TestRelay.call(
            HttpRequest.newBuilder(
                    URI.create(
                        destinations.url(Destination.HUBSPOT)
                            + "/crm/v3/objects/contacts/batch/upsert"))
                .header("Authorization", "Bearer pat-of-" + org)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json(inputs).toString()))
                .build());
    return parse(answer.body()).at("/results/0/id").asText();
  }

  @Override
  String event() {
    return closed("ann@example.com", "Refund", "Danke!");
  }

  private static String closed(String email, String subject, String text) {
    return event(
        "conversation.closed",
        "{'conversation':{'id':'c_1','subject':'%s','status':'closed','updated_at':'2026-11-23T10:00:00Z','visitor':{'email':'%s'}},'message':{'text':'%s'}}"
            .formatted(subject, email, text));
  }

  @Test
  void a_note_is_html_of_which_nothing_comes_from_the_visitor() {
    start();
    send(
        closed(
            "ann@example.com",
            "A \\\"b\\\" & <i>",
            "<script>alert(1)</script>\\r\\nO\\u0027Hara 👋\\nbye"));

    String id = (String) delivery("crm-note", 1, "done").get("remote_id");
    assertThat(id).isEqualTo(effects(Destination.HUBSPOT, "note").get(0).id());
    Call call = calls(Destination.HUBSPOT, NOTES).get(0);
    assertThat(call.headers()).containsEntry("content-type", "application/json");
    assertThat(call.body().fieldNames()).toIterable().containsExactly("properties", "associations");
    assertThat(call.body().at("/properties/hs_timestamp").asText())
        .isEqualTo("2026-11-23T10:00:00Z");
    assertThat(call.body().at("/properties/hs_note_body").asText())
        .matches(
            "<p><b>Closed: A &quot;b&quot; &amp; &lt;i&gt;</b></p><p>&lt;script&gt;alert\\(1\\)&lt;/script&gt;<br>"
                + "O(&#39;|&apos;)Hara 👋<br>bye</p><p>relay-[0-9a-f]{32}</p>");
    assertThat(call.body().path("associations"))
        .hasToString(
            json("[{'to':{'id':'101'},'types':[{'associationCategory':'HUBSPOT_DEFINED','associationTypeId':202}]}]")
                .toString());
  }

  @Test
  void a_contact_is_looked_up_once_an_hour_and_for_each_organization() {
    relay.set("relay.orgs.globex.webhook.secrets", TestRelay.SECRET);
    configure("globex");
    start();
    String globexs = contact("globex", "ann@example.com");
    for (String org : new String[] {"acme", "globex", "acme", "globex"}) {
      send(org, event());
    }
    for (int event = 1; event <= 4; event++) {
      delivery("crm-note", event, "done");
    }
    assertThat(calls(Destination.HUBSPOT, "/crm/v3/objects/contacts/search").size())
        .isBetween(2, 4);
    assertThat(calls(Destination.HUBSPOT, NOTES))
        .extracting(call -> call.body().at("/associations/0/to/id").asText())
        .containsExactlyInAnyOrder("101", globexs, "101", globexs);
    send("acme", event());
    int before = calls(Destination.HUBSPOT, "/crm/v3/objects/contacts/search").size();
    delivery("crm-note", 5, "done");
    assertThat(calls(Destination.HUBSPOT, "/crm/v3/objects/contacts/search")).hasSize(before);
  }

  @Test
  void a_first_attempt_does_not_look_for_a_note_and_a_second_one_does() {
    start();
    destinations.fault(Destination.HUBSPOT, Fault.of(Mode.LOSE_ANSWER).onPath(NOTES).times(1));
    send(event());
    delivery("crm-note", 1, "done");
    assertThat(calls(Destination.HUBSPOT, NOTES)).hasSize(1);
    assertThat(calls(Destination.HUBSPOT, NOTES + "/search")).hasSize(1);
    assertThat(destinations.counts(Destination.HUBSPOT).prevented()).isEqualTo(1);
  }

  @Test
  void a_visitor_without_an_email_is_done_without_a_call() {
    start();
    int before = destinations.calls(Destination.HUBSPOT).size();
    send(event("conversation.closed", "{'conversation':{'id':'c_1','visitor':{'name':'Ann'}}}"));
    assertThat(delivery("crm-note", 1, "done"))
        .containsEntry("reason", "nothing written; the visitor has no email");
    assertThat(destinations.calls(Destination.HUBSPOT)).hasSize(before);
  }

  @Test
  void a_visitor_that_hubspot_does_not_know_is_dead_until_the_contact_is_there() {
    start();
    send(closed("nobody@example.com", "Refund", "hi"));
    assertThat(delivery("crm-note", 1, "dead"))
        .containsEntry("reason", "no contact at HubSpot has the visitor's email");

    contact("acme", "nobody@example.com");
    row("update delivery set state = 'waiting', due_at = 0 where event_id = 1");
    delivery("crm-note", 1, "done");
    assertThat(effects(Destination.HUBSPOT, "note")).hasSize(1);
  }
}
