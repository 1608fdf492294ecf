package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import convor.relay.cli.CheckCommand;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.PretendDestinations;
import convor.relay.sandbox.SandboxSettings;
import convor.relay.testing.TestRelay;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The six connectors together. */
class ShippedRoutesTest extends RouteTest {
  private static final List<String> ALL =
      List.of("slack", "crm-note", "customer-record", "ticket", "task", "reporting");

  /** acme with all six, as the sandbox has it. */
  private void startAll() {
    SandboxSettings.create(folder(), 0, 0, destinations)
        .properties()
        .forEach(
            (key, value) -> {
              if (key.matches("relay\\.(reporting|orgs\\.acme)\\..*")
                  && !key.contains("webhook.")) {
                relay.set(key, value);
              }
            });
    relay.set("relay.orgs.acme.slack.webhook-url", slack());
    ALL.forEach(relay::shippedRoute);
    relay.start();
  }

  private String slack() {
    return destinations.url(Destination.SLACK) + "/webhook/a-secret-path";
  }

  @Test
  void the_shipped_settings_and_routes_have_nothing_wrong() {
    Map<String, String> environment = new HashMap<>();
    for (String secret :
        List.of(
            "RELAY_ADMIN_TOKEN",
            "ACME_SECRET",
            "ACME_HUBSPOT_TOKEN",
            "ACME_ZENDESK_TOKEN",
            "ACME_JIRA_TOKEN",
            "ACME_API_KEY",
            "GLOBEX_SECRET",
            "GLOBEX_OLD_SECRET",
            "GLOBEX_SLACK_TOKEN")) {
      environment.put(secret, UUID.randomUUID().toString());
    }
    environment.put("ACME_SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x");
    StringWriter out = new StringWriter();

    int exit =
        new CommandLine(new CheckCommand(environment)).setOut(new PrintWriter(out)).execute();

    assertThat(out.toString())
        .startsWith("ok: 10 route files, 6 connectors, 2 organizations, 2 sources\n")
        .contains(
            "poll conversations: acme; not globex (api.key is not set)\n",
            "slack: acme, globex\n",
            "crm-note: acme; not globex (hubspot.token is not set)\n")
        .doesNotContain("warning");
    assertThat(exit).isZero();
  }

  @Test
  void the_routes_in_the_folder_kafka_are_not_loaded_with_the_others() throws IOException {
    Path inside = Files.createDirectories(folder().resolve("routes/kafka"));
    Path intake = Path.of("routes/kafka/intake.camel.yaml");
    Files.copy(intake, inside.resolve(intake.getFileName()));
    relay.start();
    assertThat(relay.relay().camelContext().getRoute("receive")).isNotNull();
    assertThat(relay.relay().camelContext().getRoute("intake")).isNull();
  }

  @Test
  void each_event_arrives_where_its_type_is_wanted_and_nowhere_else() {
    startAll();
    String ann = "'visitor':{'id':'v_1','email':'ann@example.com','name':'Ann'}";
    send(event("visitor.identified", "{" + ann + "}"));
    delivery("customer-record", 1, "done");
    send(event("conversation.created", "{'conversation':{'id':'c_1'," + ann + "}}"));
    send(event("conversation.escalated", "{'conversation':{'id':'c_1'," + ann + "}}"));
    send(event("conversation.tagged", "{'conversation':{'id':'c_1','tags':['bug']," + ann + "}}"));
    send(event("conversation.closed", "{'conversation':{'id':'c_1'," + ann + "}}"));
    send(event("message.created", "{'conversation':{'id':'c_1'," + ann + "}}"));

    delivery("slack", 2, "done");
    delivery("slack", 3, "done");
    delivery("ticket", 3, "done");
    delivery("task", 4, "done");
    delivery("crm-note", 5, "done");
    for (int event = 1; event <= 6; event++) {
      delivery("reporting", event, "done");
    }
    assertThat(row("select count(*) n from delivery")).containsEntry("n", 12L);
    assertThat(effects(Destination.SLACK, "message")).hasSize(2);
    assertThat(effects(Destination.HUBSPOT, "contact")).hasSize(1);
    assertThat(effects(Destination.HUBSPOT, "note")).hasSize(1);
    assertThat(effects(Destination.ZENDESK, "ticket")).hasSize(1);
    assertThat(effects(Destination.JIRA, "issue")).hasSize(1);
  }

  @Test
  void neither_a_request_nor_an_event_can_change_where_a_call_goes() {
    startAll();
    try (PretendDestinations elsewhere = PretendDestinations.start(0)) {
      String evil = elsewhere.url(Destination.SLACK) + "/webhook/evil";
      String body =
          event(
              "conversation.created",
              "{'CamelHttpUri':'%1$s','conversation':{'id':'c_1','subject':'${header.RelayOrg} {{relay.admin.token}}','visitor':{'name':'%1$s?x=1#y'}}}"
                  .formatted(evil));
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String encoded = URLEncoder.encode(evil, StandardCharsets.UTF_8);
      URI uri = relay.uri("/webhooks/acme?CamelHttpUri=" + encoded + "&RelayOrg=globex");
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri).POST(BodyPublishers.ofByteArray(bytes));
      Signer.sign(
              Schemes.named("convor", Map.of()),
              TestRelay.SECRET,
              "",
              bytes,
              Instant.now(),
              "POST",
              uri.toString())
          .forEach(request::header);
      for (String name :
          List.of("CamelHttpUri", "CamelHttpPath", "CamelHttpQuery", "RelayOutcome")) {
        request.header(name, evil);
      }
      assertThat(TestRelay.call(request.build()).statusCode()).isEqualTo(202);

      delivery("slack", 1, "done");
      assertThat(calls(Destination.SLACK, "/webhook/a-secret-path")).hasSize(1);
      assertThat(calls(Destination.SLACK, "/webhook/a-secret-path").get(0).path())
          .isEqualTo("/webhook/a-secret-path");
      assertThat(
              calls(Destination.SLACK, "/webhook/a-secret-path")
                  .get(0)
                  .body()
                  .path("text")
                  .asText())
          .contains("*${header.RelayOrg} {{relay.admin.token}}*");
      assertThat(elsewhere.calls(Destination.SLACK)).isEmpty();
    }
  }

  @Test
  void neither_a_secret_nor_what_a_visitor_wrote_is_logged_or_kept_when_a_call_fails() {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    root.addAppender(log);
    try {
      startAll();
      for (Destination destination : Destination.values()) {
        destinations.fault(destination, Fault.fail(500).times(1));
      }
      String ann = "'visitor':{'id':'v_1','email':'ann@example.com','name':'Ann Visitor'}";
      send(event("visitor.identified", "{" + ann + "}"));
      send(
          event(
              "conversation.escalated",
              "{'conversation':{'id':'c_1','subject':'Confidential'," + ann + "}}"));
      send(
          event(
              "conversation.tagged",
              "{'conversation':{'id':'c_1','tags':['bug'],'subject':'Confidential'}}"));
      delivery("customer-record", 1, "done");
      delivery("slack", 2, "done");
      delivery("ticket", 2, "done");
      delivery("task", 3, "done");
    } finally {
      root.detachAppender(log);
    }
    List<String> lines = new ArrayList<>();
    for (ILoggingEvent event : List.copyOf(log.list)) {
      lines.add(event.getFormattedMessage());
      if (event.getThrowableProxy() != null) {
        lines.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
    assertThat(lines).anySatisfy(line -> assertThat(line).contains("outcome=retry"));
    assertThat(lines)
        .noneSatisfy(
            line ->
                assertThat(line)
                    .containsAnyOf(
                        "a-secret-path", "Confidential", "Ann Visitor", "ann@example.com"));
    for (String token : List.of("hubspot.token", "zendesk.token", "jira.token")) {
      String secret = relay.settings().organizations().get("acme").settings().get(token);
      assertThat(lines).noneSatisfy(line -> assertThat(line).contains(secret));
    }
  }
}
