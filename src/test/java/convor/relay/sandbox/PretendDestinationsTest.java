package convor.relay.sandbox;

import static convor.relay.sandbox.Http.HUBSPOT;
import static convor.relay.sandbox.Http.JIRA;
import static convor.relay.sandbox.Http.ZENDESK;
import static convor.relay.sandbox.Http.get;
import static convor.relay.sandbox.Http.json;
import static convor.relay.sandbox.Http.post;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PretendDestinationsTest {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-11-23T10:00:00Z"));
  private final PretendDestinations destinations = PretendDestinations.start(0, now::get);
  private final String hubspot = destinations.url(Destination.HUBSPOT) + "/crm/v3/objects/";
  private final String tickets = destinations.url(Destination.ZENDESK) + "/api/v2/tickets";
  private final String jira = destinations.url(Destination.JIRA) + "/rest/api/3/";
  private final String slack = destinations.url(Destination.SLACK);

  @AfterEach
  void close() {
    destinations.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/hubspot/crm/v3/objects/notes, 401, INVALID_AUTHENTICATION",
    "/zendesk/api/v2/tickets, 401, Couldn't authenticate you",
    "/jira/rest/api/3/issue, 401, Client must be authenticated",
    "/slack/api/chat.postMessage, 200, not_authed"
  })
  void without_credentials_nothing_is_done(String path, int status, String words) throws Exception {
    HttpResponse<String> refused =
        post("http://127.0.0.1:" + destinations.port() + path, Map.of(), "{}");
    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(refused.body()).contains(words);
  }

  @Test
  void hubspot_upserts_by_email_and_finds_the_contact() throws Exception {
    String upsert =
        "{'inputs':[{'id':'Ann@Example.com','idProperty':'email','properties':{'firstname':'%s'}}]}";
    JsonNode first =
        json(post(hubspot + "contacts/batch/upsert", HUBSPOT, upsert.formatted("Ann")));
    assertThat(first.path("status").asText()).isEqualTo("COMPLETE");
    assertThat(first.at("/results/0/new").asBoolean()).isTrue();
    JsonNode second =
        json(post(hubspot + "contacts/batch/upsert", HUBSPOT, upsert.formatted("Anna")));
    assertThat(second.at("/results/0/new").asBoolean()).isFalse();
    assertThat(second.at("/results/0/id")).isEqualTo(first.at("/results/0/id"));

    JsonNode found =
        json(post(hubspot + "contacts/search", HUBSPOT, search("email", "EQ", "ann@example.com")));
    assertThat(found.path("total").asInt()).isEqualTo(1);
    assertThat(found.at("/results/0/id")).isEqualTo(first.at("/results/0/id"));
    Map<String, String> stranger = Map.of("Authorization", "Bearer other");
    assertThat(
            json(post(
                    hubspot + "contacts/search",
                    stranger,
                    search("email", "EQ", "ann@example.com")))
                .path("total")
                .asInt())
        .isZero();
    assertThat(destinations.counts(Destination.HUBSPOT))
        .returns(1L, Counts::created)
        .returns(1L, Counts::updated);
    post(hubspot + "contacts/batch/upsert", stranger, upsert.formatted("Ann"));
    assertThat(destinations.counts(Destination.HUBSPOT))
        .returns(2L, Counts::created)
        .returns(2L, Counts::distinctKeys)
        .returns(0L, Counts::duplicates);
  }

  @Test
  void hubspot_names_the_records_that_it_refused_in_a_207() throws Exception {
    String batch =
        "{'inputs':[{'id':'a@example.com','idProperty':'email','properties':{}},"
            + "{'id':'nonsense','idProperty':'email','properties':{}}]}";
    HttpResponse<String> partly = post(hubspot + "contacts/batch/upsert", HUBSPOT, batch);
    assertThat(partly.statusCode()).isEqualTo(207);
    assertThat(json(partly).path("numErrors").asInt()).isEqualTo(1);
    assertThat(json(partly).at("/errors/0/context/id/0").asText()).isEqualTo("nonsense");

    destinations.fault(Destination.HUBSPOT, Fault.of(Fault.Mode.PARTIAL));
    HttpResponse<String> none = post(hubspot + "contacts/batch/upsert", HUBSPOT, batch);
    assertThat(none.statusCode()).isEqualTo(207);
    assertThat(json(none).path("results")).isEmpty();
  }

  @Test
  void hubspot_keeps_notes_and_finds_one_by_its_marker() throws Exception {
    String note =
        "{'properties':{'hs_timestamp':'2026-11-23T10:00:00Z','hs_note_body':'Closed. [relay-evt_1]'}}";
    HttpResponse<String> created = post(hubspot + "notes", HUBSPOT, note);
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(destinations.effects(Destination.HUBSPOT))
        .extracting(Effect::kind, Effect::marker)
        .containsExactly(org.assertj.core.groups.Tuple.tuple("note", "relay-evt_1"));

    JsonNode found =
        json(
            post(
                hubspot + "notes/search",
                HUBSPOT,
                search("hs_note_body", "CONTAINS_TOKEN", "relay-evt_1")));
    assertThat(found.at("/results/0/id")).isEqualTo(json(created).path("id"));
    JsonNode other =
        json(
            post(
                hubspot + "notes/search",
                HUBSPOT,
                search("hs_note_body", "CONTAINS_TOKEN", "relay-evt_")));
    assertThat(other.path("total").asInt()).isZero();
    assertThat(destinations.counts(Destination.HUBSPOT).prevented()).isEqualTo(1);

    HttpResponse<String> untimed =
        post(hubspot + "notes", HUBSPOT, "{'properties':{'hs_note_body':'x'}}");
    assertThat(untimed.statusCode()).isEqualTo(400);
    assertThat(json(untimed).path("category").asText()).isEqualTo("VALIDATION_ERROR");
    HttpResponse<String> astray =
        post(
            hubspot + "notes",
            HUBSPOT,
            note.replace(
                "}}", "},'associations':[{'to':{'id':'9'},'types':[{'associationTypeId':202}]}]}"));
    assertThat(astray.statusCode()).isEqualTo(400);
  }

  @Test
  void zendesk_creates_one_ticket_for_one_idempotency_key() throws Exception {
    String ticket =
        "{'ticket':{'subject':'Help','comment':{'body':'It broke'},'external_id':'evt_1','requester':{'name':'Ann','email':'a@example.com'}}}";
    Map<String, String> keyed = with(ZENDESK, "Idempotency-Key", "k1");
    HttpResponse<String> first = post(tickets, keyed, ticket);
    HttpResponse<String> again = post(tickets, keyed, ticket);
    assertThat(List.of(first.statusCode(), again.statusCode())).containsExactly(201, 201);
    assertThat(first.headers().firstValue("x-idempotency-lookup")).hasValue("miss");
    assertThat(again.headers().firstValue("x-idempotency-lookup")).hasValue("hit");
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(post(tickets, keyed, ticket.replace("Help", "Other")).statusCode()).isEqualTo(400);
    assertThat(destinations.counts(Destination.ZENDESK))
        .returns(1L, Counts::created)
        .returns(1L, Counts::prevented)
        .returns(1L, Counts::distinctKeys);

    now.updateAndGet(at -> at.plus(PretendZendesk.KEY_KEPT).plus(Duration.ofSeconds(1)));
    assertThat(post(tickets, keyed, ticket).headers().firstValue("x-idempotency-lookup"))
        .hasValue("miss");
    assertThat(destinations.counts(Destination.ZENDESK).duplicates()).isEqualTo(1);
    for (String list : List.of(tickets + ".json", tickets)) {
      assertThat(json(get(list + "?external_id=evt_1", ZENDESK)).path("count").asInt())
          .isEqualTo(2);
      assertThat(json(get(list + "?external_id=evt_2", ZENDESK)).path("tickets")).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'ticket':{'subject':'x'}} | 422 | Description: cannot be blank",
        "{'ticket':{'comment':{'body':'x'},'requester':{'email':'a@b.c'}}} | 422 | Requester: Name: is too short",
        "{} | 400 | error"
      })
  void zendesk_refuses_tickets_in_its_own_words(String body, int status, String words)
      throws Exception {
    HttpResponse<String> refused = post(tickets, ZENDESK, body.replace("''", "'"));
    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(refused.body()).contains(words);
  }

  @Test
  void jira_creates_an_issue_and_finds_it_by_label() throws Exception {
    HttpResponse<String> created = post(jira + "issue", JIRA, issue("It broke", "relay-evt_1"));
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(json(created).path("key").asText()).isEqualTo("SUP-1");
    assertThat(json(created).path("self").asText())
        .endsWith("/rest/api/3/issue/" + json(created).path("id").asText());
    String jql =
        "{'jql':'project = SUP AND labels = \\\"%s\\\"','fields':['summary'],'maxResults':1}";
    JsonNode found = json(post(jira + "search/jql", JIRA, jql.formatted("relay-evt_1")));
    assertThat(found.at("/issues/0/key").asText()).isEqualTo("SUP-1");
    assertThat(found.at("/issues/0/fields/summary").asText()).isEqualTo("It broke");
    assertThat(found.path("isLast").asBoolean()).isTrue();
    assertThat(json(post(jira + "search/jql", JIRA, jql.formatted("relay-evt_2"))).path("issues"))
        .isEmpty();
    assertThat(post(jira + "search/jql", JIRA, "{'jql':'order by created'}").body())
        .contains("Unbounded JQL");
  }

  @ParameterizedTest
  @CsvSource({
    "two\\nlines, relay-1, newline characters",
    "'', relay-1, You must specify a summary",
    "fine, a label, contains spaces"
  })
  void jira_refuses_what_it_always_refuses(String summary, String label, String words)
      throws Exception {
    HttpResponse<String> refused = post(jira + "issue", JIRA, issue(summary, label));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(json(refused).path("errors").toString()).contains(words);
  }

  @Test
  void slack_takes_messages_by_webhook_and_by_token() throws Exception {
    HttpResponse<String> ok =
        post(
            slack + "/webhook/acme",
            Map.of(),
            "{'text':'Hello','blocks':[{'block_id':'relay-evt_1'}]}");
    assertThat(ok.statusCode()).isEqualTo(200);
    assertThat(ok.body()).isEqualTo("ok");
    assertThat(post(slack + "/webhook", Map.of(), "no json").body()).isEqualTo("invalid_payload");
    assertThat(post(slack + "/webhook", Map.of(), "{}").statusCode()).isEqualTo(400);

    Map<String, String> token = Map.of("Authorization", "Bearer xoxb-1");
    JsonNode posted =
        json(post(slack + "/api/chat.postMessage", token, "{'channel':'C1','text':'Hello'}"));
    assertThat(posted.path("ok").asBoolean()).isTrue();
    assertThat(posted.path("ts").asText()).matches("\\d+\\.\\d{6}");
    JsonNode astray = json(post(slack + "/api/chat.postMessage", token, "{'text':'Hello'}"));
    assertThat(astray.path("error").asText()).isEqualTo("channel_not_found");
    assertThat(destinations.effects(Destination.SLACK))
        .extracting(Effect::marker)
        .containsExactly("relay-evt_1", null);
  }

  private static String search(String property, String operator, String value) {
    return "{'filterGroups':[{'filters':[{'propertyName':'%s','operator':'%s','value':'%s'}]}],'limit':1}"
        .formatted(property, operator, value);
  }

  private static String issue(String summary, String label) {
    return ("{'fields':{'project':{'key':'SUP'},'issuetype':{'name':'Bug'},'summary':'%s','labels':['%s'],"
            + "'description':{'type':'doc','version':1,'content':[]}}}")
        .formatted(summary, label);
  }

  private static Map<String, String> with(Map<String, String> headers, String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(name, value);
    return more;
  }
}
