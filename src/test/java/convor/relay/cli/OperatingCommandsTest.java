package convor.relay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.PretendDestinations;
import convor.relay.testing.ListApi;
import convor.relay.testing.SlackRoute;
import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands against a relay, each in a process of an operator with the token in the environment.
 */
class OperatingCommandsTest {
  private static final String TOKEN = "an-admin-token-for-tests-0123456789";
  private static final String GITHUB = "a-github-secret-for-tests-0123456789";
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private static Path folder;
  private static final String API_KEY = "an-api-key-of-acme";
  private static final ListApi api = new ListApi();
  private static PretendDestinations destinations;
  private static TestRelay relay;
  private final CommandTester cli =
      new CommandTester(
          Map.of("RELAY_ADMIN_TOKEN", TOKEN, "ACME_SECRET", TestRelay.SECRET, "GITHUB", GITHUB));

  @BeforeAll
  static void start() {
    destinations = PretendDestinations.start(0);
    relay =
        new TestRelay(folder)
            .route("slack", SlackRoute.YAML)
            .shippedRoute("poll")
            .shippedRoute("poll-conversations")
            .set("relay.poll.conversations.period", "1h")
            .set("relay.poll.conversations.start", "beginning")
            .set("relay.orgs.acme.api.base-url", api.url())
            .set("relay.orgs.acme.api.key", API_KEY)
            .set("relay.admin.token", TOKEN)
            .set("relay.orgs.acme.sources.github.scheme", "github")
            .set("relay.orgs.acme.sources.github.secrets", GITHUB)
            .set(
                "relay.orgs.acme.slack.webhook-url",
                destinations.url(Destination.SLACK) + "/webhook/acme")
            .start();
  }

  @AfterAll
  static void stop() {
    relay.close();
    destinations.close();
    api.close();
  }

  private int operate(String... arguments) {
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--url";
    all[arguments.length + 1] = "http://127.0.0.1:" + relay.relay().adminPort();
    return cli.run(all);
  }

  private int send(String body, String... arguments) {
    try {
      Path file = Files.writeString(Files.createTempFile(folder, "event", ".json"), body);
      String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 6);
      String[] more = {"send", file.toString(), "--org", "acme", "--url", relay.uri("").toString()};
      System.arraycopy(arguments, 0, all, 6, arguments.length);
      System.arraycopy(more, 0, all, 0, 6);
      return cli.run(all);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void send_signs_with_the_settings_or_with_a_scheme_and_a_secret() {
    String config = folder.resolve("application.properties").toString();
    String body = "{\"id\":\"evt_send\",\"type\":\"message.created\"}";
    assertThat(send(body, "--config", config)).isZero();
    assertThat(cli.out()).isEqualTo("202 {\"status\":\"accepted\",\"id\":\"evt_send\"}\n");
    assertThat(send(body, "--scheme", "convor", "--secret-env", "ACME_SECRET")).isZero();
    assertThat(cli.out()).isEqualTo("200 {\"status\":\"duplicate\",\"id\":\"evt_send\"}\n");
    assertThat(send(body, "--scheme", "convor", "--secret-env", "GITHUB")).isEqualTo(1);
    assertThat(cli.out()).isEqualTo("401 {\"status\":\"rejected\"}\n");

    assertThat(send("{}", "--config", config, "--source", "github", "--type", "push")).isZero();
    assertThat(operate("events", "--source", "github")).isZero();
    assertThat(cli.out()).contains("push");
    assertThat(send("{}", "--config", config, "--source", "gitlab")).isEqualTo(1);
    assertThat(cli.err()).contains("relay.orgs.acme.sources.gitlab.secrets");

    assertThat(operate("rejected")).isZero();
    await()
        .atMost(SOON)
        .until(() -> operate("rejected") == 0 && cli.out().contains("bad-signature"));
  }

  private String cursors() {
    assertThat(operate("cursors")).isZero();
    return cli.out();
  }

  @Test
  void polls_are_seen_run_reset_paused_and_resumed() {
    await().atMost(SOON).until(() -> cursors().matches("(?s).*conversations +acme +active.*"));
    assertThat(cursors().lines().findFirst().orElseThrow())
        .matches(
            "POLL +ORG +STATE +POSITION +HIGH WATER +LAST RUN +NEXT RUN +RECORDS +RECOVERED +REASON");
    String[] one = {"--poll", "conversations", "--org", "acme"};
    api.put(API_KEY, "c_1", Instant.parse("2026-11-01T10:00:00Z"));
    assertThat(operate(with(one, "poll", "--once"))).isZero();
    assertThat(cli.out()).isEqualTo("conversations/acme: read 1, recovered 1\n");
    assertThat(cursors()).contains("2026-11-01T10:00:00Z");

    assertThat(operate(with(one, "cursors", "reset", "--to", "beginning", "--yes"))).isZero();
    assertThat(cli.out()).isEqualTo("conversations/acme: begins at beginning\n");
    await().atMost(SOON).until(() -> cursors().matches("(?s).* 1 +0 +-\\s*"));

    assertThat(operate(with(one, "cursors", "pause", "--reason", "maintenance"))).isZero();
    assertThat(cli.out()).isEqualTo("conversations/acme: paused\n");
    assertThat(cursors()).contains("paused", "by hand: maintenance");
    assertThat(operate(with(one, "poll"))).isEqualTo(1);
    assertThat(cli.err())
        .contains("conversations of acme is paused (by hand: maintenance): resume it");
    assertThat(operate(with(one, "cursors", "resume"))).isZero();
    await().atMost(SOON).until(() -> cursors().matches("(?s).*conversations +acme +active.*"));

    assertThat(operate("poll", "--poll", "conversations", "--org", "nobody")).isEqualTo(1);
    assertThat(cli.err()).contains("there is no poll conversations of nobody");
    api.answers(
        (ask, response) -> {
          ListApi.json(response, 500, "{}");
          return true;
        });
    assertThat(operate(with(one, "poll", "--once"))).isEqualTo(1);
    assertThat(cli.err()).contains("conversations/acme: HTTP 500");
    assertThat(cursors()).contains("failing");
  }

  private static String[] with(String[] options, String... command) {
    return Stream.concat(Stream.of(command), Stream.of(options)).toArray(String[]::new);
  }

  @Test
  void what_fails_is_seen_retried_paused_resumed_and_replayed() {
    String config = folder.resolve("application.properties").toString();
    destinations.fault(Destination.SLACK, Fault.of(Fault.Mode.BAD_REQUEST));
    assertThat(send("{\"id\":\"evt_ops\",\"type\":\"conversation.created\"}", "--config", config))
        .isZero();
    await()
        .atMost(SOON)
        .until(
            () -> operate("deliveries", "--state", "dead") == 0 && cli.out().contains("evt_ops"));
    assertThat(cli.out().lines().findFirst().orElseThrow())
        .matches("EVENT +KEY +TYPE +CONNECTOR +ORG +STATE +ATTEMPT +STATUS +DUE AT +REASON");
    assertThat(operate("events", "--key", "evt_ops", "--json")).isZero();
    String id = cli.out().replaceAll("(?s).*\"id\" : (\\d+).*", "$1");

    assertThat(operate("events", id)).isZero();
    assertThat(cli.out())
        .contains("key         evt_ops", "{\"id\":\"evt_ops\"", "slack answered: ", " 400 ");

    assertThat(operate("pause", "slack", "acme", "--reason", "maintenance")).isZero();
    assertThat(cli.out()).isEqualTo("slack/acme: paused\n");
    destinations.fault(Destination.SLACK, Fault.NONE);
    assertThat(operate("retry", "--connector", "slack")).isZero();
    assertThat(cli.out()).isEqualTo("retried: 1\n");
    assertThat(operate("connectors")).isZero();
    assertThat(cli.out()).contains("paused", "by hand: maintenance");
    assertThat(operate("deliveries", "--event", id)).isZero();
    assertThat(cli.out()).contains("held");

    assertThat(operate("resume", "slack", "acme")).isZero();
    awaitDone(id);
    assertThat(operate("replay", id, "--connector", "slack")).isZero();
    assertThat(cli.out()).isEqualTo("replayed: 1\n");
    awaitDone(id);
    assertThat(operate("retry", id)).isEqualTo(1);
    assertThat(cli.err()).contains("is slack done; dead or waiting can be");
  }

  private void awaitDone(String id) {
    await()
        .atMost(SOON)
        .until(() -> operate("deliveries", "--event", id) == 0 && cli.out().contains("done"));
  }

  @Test
  void a_wrong_token_is_told() {
    assertThat(operate("events", "--token", "wrong")).isEqualTo(1);
    assertThat(cli.err())
        .isEqualTo("the admin token is missing or wrong; set RELAY_ADMIN_TOKEN or give --token\n");
  }
}
