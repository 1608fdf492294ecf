package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.sandbox.Call;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.Fault.Mode;
import org.junit.jupiter.api.Test;

class TaskRouteTest extends HttpRouteTest {
  private static final String ISSUE = "/rest/api/3/issue";

  TaskRouteTest() {
    super("task", Destination.JIRA, ISSUE, "issue");
  }

  @Override
  void configure(String org) {
    relay.set("relay.orgs." + org + ".jira.base-url", destinations.url(Destination.JIRA));
    relay.set("relay.orgs." + org + ".jira.email", "dev@" + org + ".example");
    relay.set("relay.orgs." + org + ".jira.token", "jira-token-of-" + org);
    relay.set("relay.orgs." + org + ".jira.project", "SUP");
  }

  @Override
  String event() {
    return tagged("'vip','bug'", "It \\\"crashes\\\"\\r\\nwith <b> 💥");
  }

  private static String tagged(String tags, String subject) {
    return event(
        "conversation.tagged",
        "{'conversation':{'id':'c_1','subject':'%s','tags':[%s]},'message':{'text':'one\\r\\n\\n  two \\\"2\\\" 👋\\n'}}"
            .formatted(subject, tags));
  }

  @Test
  void an_issue_has_a_summary_in_one_line_and_a_paragraph_for_each_line() {
    start();
    send(event());
    assertThat(delivery("task", 1, "done")).containsEntry("remote_id", "SUP-1");
    Call call = calls(Destination.JIRA, ISSUE).get(0);
    assertThat(call.headers()).containsEntry("content-type", "application/json");
    String label = effects(Destination.JIRA, "issue").get(0).marker();
    assertThat(label).matches("relay-[0-9a-f]{32}");
    String paragraph = "{'type':'paragraph','content':[{'type':'text','text':'%s'}]}";
    assertThat(call.body())
        .hasToString(
            json("{'fields':{'project':{'key':'SUP'},'issuetype':{'name':'Task'},'summary':'It \\\"crashes\\\" with <b> 💥',"
                    + "'description':{'type':'doc','version':1,'content':["
                    + paragraph.formatted("one ")
                    + ","
                    + paragraph.formatted(" two \\\"2\\\" 👋")
                    + ","
                    + paragraph.formatted("Convor conversation c_1")
                    + "]},'labels':['"
                    + label
                    + "']}}")
                .toString());
    assertThat(effects(Destination.JIRA, "issue").get(0).account()).isEqualTo("dev@acme.example");
  }

  @Test
  void without_the_tag_there_is_no_task() {
    start();
    send(tagged("'billing','bugfix'", "Refund"));
    send(event("conversation.tagged", "{'conversation':{'id':'c_1'}}"));
    assertThat(delivery("task", 1, "done"))
        .containsEntry("reason", "no task; it is not tagged bug");
    delivery("task", 2, "done");
    assertThat(destinations.calls(Destination.JIRA)).isEmpty();
  }

  @Test
  void a_summary_is_no_longer_than_jira_takes() {
    start();
    send(tagged("'bug'", "💥".repeat(300)));
    delivery("task", 1, "done");
  }

  @Test
  void a_second_attempt_looks_for_the_label_first() {
    start();
    destinations.fault(Destination.JIRA, Fault.of(Mode.LOSE_ANSWER).onPath(ISSUE).times(1));
    send(event());
    assertThat(delivery("task", 1, "done")).containsEntry("remote_id", "SUP-1");
    assertThat(destinations.calls(Destination.JIRA))
        .extracting(Call::path)
        .containsExactly(ISSUE, "/rest/api/3/search/jql");
    assertThat(destinations.counts(Destination.JIRA).prevented()).isEqualTo(1);
  }
}
