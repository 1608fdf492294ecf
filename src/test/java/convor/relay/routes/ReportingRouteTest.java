package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReportingRouteTest extends RouteTest {
  private String url;

  @BeforeEach
  void configure() {
    url = "jdbc:h2:file:" + folder().resolve("reports") + ";DB_CLOSE_ON_EXIT=FALSE";
    relay.set("relay.reporting.url", url).set("relay.reporting.username", "sa");
    relay.set("relay.orgs.acme.reporting.enabled", "true");
    relay.shippedRoute("reporting");
  }

  /** The statement that the comment at the top of the route shows. */
  private static String table() throws IOException {
    return Files.readString(Path.of("routes/reporting.camel.yaml"))
        .lines()
        .dropWhile(line -> !line.contains("create table"))
        .takeWhile(line -> !line.equals("#"))
        .map(line -> line.replaceFirst("^# {11}", ""))
        .collect(Collectors.joining("\n"));
  }

  private Map<String, Object> report(String query, Object... parameters) {
    return rowIn(url, query, parameters);
  }

  @Test
  void the_sandbox_has_the_table_that_the_route_shows() throws IOException {
    try (var sql = getClass().getResourceAsStream("/convor/relay/sandbox/reporting.sql")) {
      assertThat(new String(sql.readAllBytes(), StandardCharsets.UTF_8).lines().skip(1))
          .containsExactlyElementsOf(table().lines().toList());
    }
  }

  @Test
  void every_event_is_a_row() throws IOException {
    report(table());
    relay.start();
    String nasty = "\\u0027); drop table support_event; -- \\\" ${body} :?org 💥\\n";
    String event =
        event(
            "anything.at_all",
            "{'conversation':{'id':'c_1','updated_at':'7','subject':'" + nasty + "'}}");
    send(event);
    send(event("other.type", "{}"));
    delivery("reporting", 1, "done");
    delivery("reporting", 2, "done");

    assertThat(report("select count(*) n from support_event")).containsEntry("n", 2L);
    Map<String, Object> row =
        report(
            "select org, source, event_id, type, subject, version, cast(body as varchar) body from support_event where type = 'anything.at_all'");
    assertThat(row)
        .containsEntry("org", "acme")
        .containsEntry("source", "convor")
        .containsEntry("event_id", parse(event).path("id").asText())
        .containsEntry("subject", "conversation/c_1")
        .containsEntry("version", "7");
    assertThat(parse((String) row.get("body"))).isEqualTo(parse(event));
    assertThat(report("select subject, version from support_event where type = 'other.type'"))
        .containsEntry("subject", null)
        .containsEntry("version", null);
  }

  @Test
  void writing_an_event_again_replaces_its_row() throws IOException {
    report(table());
    relay.start();
    send(event("a.b", "{}"));
    delivery("reporting", 1, "done");
    report("update support_event set type = 'old'");
    row("update delivery set state = 'waiting', due_at = 0, attempt = 7 where event_id = 1");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        report(
                            "select type, (select count(*) from support_event) n from support_event"))
                    .containsEntry("type", "a.b")
                    .containsEntry("n", 1L));
  }

  @Test
  void without_the_table_the_rows_wait() throws IOException {
    relay.start();
    send(event("a.b", "{}"));
    assertThat((String) delivery("reporting", 1, "waiting").get("reason"))
        .contains("SUPPORT_EVENT");
    report(table());
    delivery("reporting", 1, "done");
  }

  @Test
  void an_organization_that_does_not_want_it_is_not_written() throws IOException {
    report(table());
    relay.set("relay.orgs.globex.webhook.secrets", TestRelay.SECRET);
    relay.set("relay.orgs.globex.reporting.enabled", "false");
    relay.start();
    send("globex", event("a.b", "{}"));
    send("acme", event("a.b", "{}"));
    delivery("reporting", 2, "done");
    assertThat(report("select org, (select count(*) from support_event) n from support_event"))
        .containsEntry("org", "acme")
        .containsEntry("n", 1L);
  }
}
