package convor.relay.cli;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.SlackRoute;
import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CliTest {
  private final CommandTester cli = new CommandTester(Map.of());
  @TempDir private Path folder;

  @Test
  void help_names_every_command_and_shows_how_to_begin() {
    assertThat(cli.run("--help")).isZero();
    assertThat(cli.out())
        .startsWith("\nUsage: convor-relay [-hV] [--config=FILE] [COMMAND]\n")
        .contains("Without a command it runs the relay.")
        .contains("  sandbox     Runs the relay between a pretend Convor and pretend destinations")
        .contains("  java -jar convor-relay.jar sandbox            try it, without accounts")
        .contains("2 when the command was not understood")
        .contains(new TreeSet<>(Cli.commandLine(Map.of()).getSubcommands().keySet()));
    assertThat(cli.out().lines()).allMatch(line -> line.length() <= 110);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "sandbox",
        "check",
        "send",
        "events",
        "deliveries",
        "connectors",
        "rejected",
        "retry",
        "replay",
        "pause",
        "resume"
      })
  void every_command_has_help(String command) {
    assertThat(cli.run(command, "--help")).isZero();
    assertThat(cli.out()).startsWith("\nUsage: convor-relay " + command).contains("Options:");
    assertThat(cli.out()).doesNotContain("null");
  }

  @Test
  void version_is_one_line() {
    assertThat(cli.run("--version")).isZero();
    assertThat(cli.out()).startsWith("convor-relay ").hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource({
    "evnts, Unmatched argument",
    "retry, Say which: EVENT",
    "retry x, Invalid value for positional parameter",
    "replay --from 1, Say which: EVENT",
    "pause slack, Missing required parameter: 'ORG'",
    "send f.json, Missing required option: '--org=ORG'",
    "send f.json --org acme --scheme convor, give both",
    "send f.json --org acme --scheme fax --secret-env PATH, variable PATH is not set"
  })
  void what_is_not_understood_is_told_without_a_stack_trace(String line, String message) {
    int exit = cli.run(line.split(" ", -1));
    assertThat(cli.err()).contains(message).doesNotContain("\tat ");
    assertThat(exit).isEqualTo(message.contains("variable") ? 1 : 2);
  }

  @Test
  void wrong_settings_are_told_one_per_line_and_end_with_1() throws IOException {
    Path routes = SlackRoute.into(folder.resolve("routes"));
    Path config =
        Files.writeString(
            folder.resolve("application.properties"),
            "relay.routes = " + routes + "\nrelay.admin.prot = 1\nrelay.webhook.max-body = much\n");
    for (String[] command :
        new String[][] {{"run", "--config", config.toString()}, {"--config", config.toString()}}) {
      assertThat(cli.run(command)).isEqualTo(1);
      assertThat(cli.err().lines())
          .hasSize(2)
          .anyMatch(line -> line.startsWith("relay.admin.prot: is unknown; nearest is"))
          .anyMatch(line -> line.startsWith("relay.webhook.max-body: "));
    }
  }

  private String config(int port, int adminPort) throws IOException {
    return Files.writeString(
            folder.resolve("application.properties"),
            """
            relay.routes = %1$s/routes
            relay.store.url = jdbc:h2:file:%1$s/data/relay
            camel.server.host = 127.0.0.1
            camel.server.port = %2$d
            relay.admin.port = %3$d
            relay.orgs.acme.webhook.secrets = 3f9a1c77d04be8253f9a1c77
            """
                .formatted(folder, port, adminPort))
        .toString();
  }

  @Test
  void a_broken_route_is_told_with_its_line_and_ends_the_start() throws IOException {
    Files.createDirectory(folder.resolve("routes"));
    Files.writeString(
        folder.resolve("routes/slack.camel.yaml"),
        """
        - route:
            id: slack
            from:
              uri: inbox:slack
              steps:
                - setBdy: {constant: x}
        """);
    assertThat(cli.run("run", "--config", config(TestRelay.freePort(), 0))).isEqualTo(1);
    assertThat(cli.err())
        .isEqualTo(
            folder
                + "/routes/slack.camel.yaml:6: setBdy is no step of a route; nearest is setBody\n");
  }

  @Test
  void a_port_in_use_is_told_by_its_setting() throws IOException {
    SlackRoute.into(folder.resolve("routes"));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThat(cli.run("run", "--config", config(port, 0))).isEqualTo(1);
      assertThat(cli.err())
          .isEqualTo(
              "camel.server.port: 127.0.0.1:%d is in use; choose another, or end what has it\n"
                  .formatted(port));
      assertThat(cli.run("run", "--config", config(TestRelay.freePort(), port))).isEqualTo(1);
      assertThat(cli.err())
          .isEqualTo(
              "relay.admin.port: 127.0.0.1:%d is in use; choose another, or end what has it\n"
                  .formatted(port));
    }
  }

  @Test
  void the_shipped_routes_pass_the_check() throws IOException {
    String config =
        Files.writeString(
                folder.resolve("application.properties"),
                "relay.orgs.acme.webhook.secrets = 3f9a1c77d04be8253f9a1c77\n")
            .toString();
    assertThat(cli.run("check", "--config", config)).as(cli.out()).isZero();
    assertThat(cli.out()).startsWith("ok: ");
  }

  @Test
  void a_relay_that_is_not_there_is_told() throws IOException {
    int nobody = TestRelay.freePort();
    assertThat(cli.run("events", "--url", "http://127.0.0.1:" + nobody)).isEqualTo(1);
    assertThat(cli.err()).startsWith("no relay answers at http://127.0.0.1:" + nobody);
    assertThat(cli.run("events", "--url", "not a url")).isEqualTo(1);
    assertThat(cli.err()).startsWith("--url: not a url is no web address");
    Path body = Files.writeString(folder.resolve("a.json"), "{}");
    assertThat(
            new CommandTester(Map.of("S", "a-secret-of-enough-length"))
                .run(
                    "send",
                    body.toString(),
                    "--org",
                    "acme",
                    "--scheme",
                    "convor",
                    "--secret-env",
                    "S",
                    "--url",
                    "http://127.0.0.1:" + nobody))
        .isEqualTo(1);
  }
}
