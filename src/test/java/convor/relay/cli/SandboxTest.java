package convor.relay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.sandbox.Destination;
import convor.relay.testing.SlackRoute;
import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  @TempDir private Path folder;

  @Test
  void events_go_the_whole_way_and_nothing_is_left_behind() throws IOException {
    Path files;
    try (Sandbox sandbox = new Sandbox(0, 0, SlackRoute.into(folder.resolve("routes")))) {
      files = sandbox.folder();
      sandbox.sendOneOfEach();
      await()
          .atMost(SOON)
          .until(() -> sandbox.destinations().counts(Destination.SLACK).created() == 4);
      CommandTester cli =
          new CommandTester(
              Map.of(
                  "RELAY_ADMIN_TOKEN",
                  sandbox.settings().adminToken(),
                  "ACME_SECRET",
                  sandbox.settings().secrets().get("acme")));
      assertThat(cli.run("deliveries", "--json", "--url", sandbox.admin())).isZero();
      assertThat(cli.out()).contains("\"connector\" : \"slack\"").doesNotContain("globex");

      Path event =
          Files.writeString(folder.resolve("e.json"), "{\"id\":\"evt_mine\",\"type\":\"x\"}");
      assertThat(
              cli.run(
                  "send",
                  event.toString(),
                  "--org",
                  "acme",
                  "--scheme",
                  "convor",
                  "--secret-env",
                  "ACME_SECRET",
                  "--url",
                  sandbox.webhooks()))
          .as(cli.err())
          .isZero();
      assertThat(get(sandbox.admin() + "/sandbox")).contains("Convor Relay sandbox");
      assertThat(SandboxCommand.welcome(sandbox))
          .contains(sandbox.page(), sandbox.webhooks() + "/webhooks/acme", "openssl dgst -sha256");
      assertThat(Files.exists(files)).isTrue();
    }
    assertThat(Files.exists(files)).isFalse();
  }

  @Test
  void it_runs_every_shipped_route() throws IOException {
    try (Sandbox sandbox = new Sandbox(0, 0, null);
        Stream<Path> shipped = Files.list(Path.of("routes"));
        Stream<Path> run = Files.list(sandbox.folder().resolve("routes"))) {
      assertThat(run.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              shipped
                  .filter(Files::isRegularFile)
                  .map(path -> path.getFileName().toString())
                  .toList());
      assertThat(get(sandbox.webhooks() + "/health")).contains("\"status\":\"up\"");

      sandbox.sendOneOfEach();
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(Stream.of(Destination.values()))
                      .flatExtracting(sandbox.destinations()::effects)
                      .extracting("kind")
                      .containsExactlyInAnyOrder(
                          "message",
                          "message",
                          "note",
                          "contact-update",
                          "contact-update",
                          "ticket",
                          "issue"));
    }
  }

  private static String get(String uri) {
    return TestRelay.call(HttpRequest.newBuilder(URI.create(uri)).build()).body();
  }
}
