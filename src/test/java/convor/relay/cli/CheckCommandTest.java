package convor.relay.cli;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CheckCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();

  @BeforeEach
  void routes() throws IOException {
    Files.createDirectory(folder.resolve("routes"));
  }

  private int check(String properties) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("application.properties"),
            "relay.routes = " + folder + "/routes\n" + properties);
    return new CommandLine(new CheckCommand(Map.of()))
        .setOut(new PrintWriter(out))
        .execute("--config", file.toString());
  }

  private void connector(String name, String options) throws IOException {
    Files.writeString(
        folder.resolve("routes/" + name + ".camel.yaml"),
        "- route: {id: %1$s, from: {uri: 'inbox:%1$s?%2$s', steps: [{log: hi}]}}\n"
            .formatted(name, options));
  }

  @Test
  void good_settings_end_with_who_is_subscribed_to_what_and_who_is_not_and_why()
      throws IOException {
    connector("reporting", "types=*");
    connector("slack", "requires=slack.webhook-url|slack.bot-token&orgs=globex,initech");
    connector("ticket", "requires=zendesk.base-url,zendesk.token&types=conversation.escalated");

    int exit =
        check(
            """
            relay.orgs.acme.webhook.secrets = 3f9a1c77d04be825
            relay.orgs.acme.zendesk.base-url = https://acme.zendesk.com
            relay.orgs.acme.zendesk.token = 81e6d2f90
            relay.orgs.globex.webhook.secrets = 3f9a1c77d04be825
            relay.orgs.globex.zendesk.base-url = http://globex.example.com
            relay.orgs.globex.sources.github.scheme = github
            relay.orgs.globex.sources.github.secrets = 3f9a1c77d04be825
            """);

    assertThat(out.toString())
        .isEqualTo(
            """
            ok: 3 route files, 3 connectors, 2 organizations, 3 sources
            reporting: acme, globex
            slack: nobody; not acme (the route's orgs leave it out); not globex (slack.webhook-url or slack.bot-token is not set)
            ticket: acme; not globex (zendesk.token is not set)
            warning: relay.orgs.globex.zendesk.base-url: is http: tokens and customers' data travel in the clear; write https
            """);
    assertThat(exit).isZero();
  }

  @Test
  void the_shipped_routes_with_kafka_in_front_have_nothing_wrong_but_a_broker_to_name()
      throws IOException {
    for (String shipped : List.of("routes", "routes/kafka")) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(shipped), "*.yaml")) {
        for (Path file : files) {
          Files.copy(file, folder.resolve("routes").resolve(file.getFileName()), REPLACE_EXISTING);
        }
      }
    }
    assertThat(check("")).isNotZero();
    assertThat(out.toString())
        .contains("intake.camel.yaml:", "receive.camel.yaml:")
        .contains("{{relay.kafka.brokers}} has no value");
    out.getBuffer().setLength(0);

    int exit = check("relay.kafka.brokers = kafka-1.example.org:9092,kafka-2.example.org:9092");

    assertThat(out.toString()).startsWith("ok: 11 route files, 6 connectors");
    assertThat(exit).isZero();
  }

  private void poll(String poll) throws IOException {
    for (String file : new String[] {"poll", "poll-" + poll}) {
      String name = file + ".camel.yaml";
      Files.copy(Path.of("routes", name), folder.resolve("routes").resolve(name));
    }
  }

  @Test
  void polls_are_told_with_those_whom_they_poll() throws IOException {
    poll("conversations");
    int exit =
        check(
            """
            relay.orgs.acme.api.key = 81e6d2f90
            relay.orgs.globex.webhook.secrets = 3f9a1c77d04be825
            relay.poll.conversations.start = 2026-01-31
            """);
    assertThat(out.toString())
        .isEqualTo(
            """
            ok: 2 route files, 0 connectors, 2 organizations, 1 source
            poll conversations: acme; not globex (api.key is not set)
            """);
    assertThat(exit).isZero();
  }

  @Test
  void wrong_parameters_of_polls_are_told_wherever_they_stand() throws IOException {
    poll("conversations");
    Path file = folder.resolve("routes/poll-conversations.camel.yaml");
    Files.writeString(
        file,
        Files.readString(file).replace("value: /v1/conversations", "value: v1 conversations"));
    Files.writeString(
        folder.resolve("routes/poll-again.yaml"),
        """
        - templatedRoute:
            routeTemplateRef: poll
            routeId: poll-again
            parameters: [{name: poll, value: conversations}, {name: path, value: /v2}, {name: subject, value: x}]
        """);
    int exit =
        check(
            """
            relay.orgs.acme.api.key = 81e6d2f90
            relay.poll.conversations.kind = curser
            relay.poll.conversation.period = 10s
            relay.poll.lease = 5s
            """);
    assertThat(out.toString().replace(folder + "/", ""))
        .contains(
            "relay.poll.conversation: no route file has such a poll; nearest is conversations",
            "relay.poll.lease: is not longer than relay.call.timeout",
            "poll-conversations.camel.yaml:13: the poll conversations is taken by routes/poll-again.yaml:4",
            "routes/poll-conversations.camel.yaml:10: poll conversations: kind=curser is none of [cursor, since]; path=v1 conversations is not a path such as /v1/conversations");
    assertThat(exit).isEqualTo(1);
  }

  @Test
  void problems_of_settings_and_routes_are_told_together() throws IOException {
    connector("reporting", "types=*");
    Files.writeString(
        folder.resolve("routes/wrong.yaml"),
        "- route: {id: w, from: {uri: 'direct:w', steps: [{to: 'log:a?levl=INFO'}]}}\n");

    int exit = check("relay.admin.prot = 1\nrelay.orgs.acme.webhook.secrets = changeme\n");

    assertThat(out.toString().replace(folder + "/", ""))
        .isEqualTo(
            """
            relay.admin.prot: is unknown; nearest is relay.admin.port
            relay.orgs.acme.webhook.secrets: is a placeholder; put the real one, as {{env:NAME}} or {{file:PATH}}
            routes/wrong.yaml:1: log has no option levl; nearest is level
            """);
    assertThat(exit).isEqualTo(1);
  }

  @Test
  void a_missing_configuration_is_a_problem_and_no_stack_trace() {
    int exit =
        new CommandLine(new CheckCommand(Map.of()))
            .setOut(new PrintWriter(out))
            .execute("--config", folder.resolve("none.properties").toString());

    assertThat(out.toString())
        .startsWith(folder + "/none.properties: there is no such file; name it with --config");
    assertThat(exit).isEqualTo(1);
  }
}
