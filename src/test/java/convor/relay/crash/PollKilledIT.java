package convor.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Destination;
import convor.relay.testing.ListApi;
import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A poll that is killed goes on behind the last page that was stored. */
class PollKilledIT {
  private static final Instant T = Instant.parse("2026-11-01T10:00:00Z");
  private static final String KEY = "acme-api-key-for-tests";
  private static final int ROWS = 40;
  private static final Duration SOON = Duration.ofMinutes(2);

  @TempDir Path folder;
  private final ListApi api = new ListApi();
  private final Destination destination = new Destination();
  private RelayProcess relay;

  @BeforeEach
  void prepare() {
    relay =
        new RelayProcess(folder)
            .set("relay.orgs.acme.api.base-url", api.url())
            .set("relay.orgs.acme.api.key", KEY)
            .set("relay.poll.rows.start", "beginning")
            .set("relay.poll.rows.period", "1s")
            .set("relay.poll.rows.page-size", "4")
            .route("poll", RelayProcess.text(Path.of("routes/poll.camel.yaml")))
            .route("keyed", Routes.keyed(destination, "", ""));
    list("cursor");
  }

  private void list(String kind) {
    String path = kind.equals("cursor") ? "/v1/conversations" : "/v1/rows";
    relay.route(
        "poll-rows",
        """
        - templatedRoute:
            routeTemplateRef: poll
            routeId: poll-rows
            parameters:
              - {name: poll, value: rows}
              - {name: path, value: %s}
              - {name: kind, value: %s}
              - {name: subject, value: row}
        """
            .formatted(path, kind));
  }

  @AfterEach
  void close() {
    relay.close();
    destination.close();
    api.close();
  }

  /** {@code $0} is the step that reads the page, or the one that stores it with its place. */
  @ParameterizedTest
  @ValueSource(strings = {"method: read}.*\n", "- to: inbox:append.*\n"})
  void between_the_halves_of_a_page(String step) throws IOException {
    String poll = RelayProcess.text(Path.of("routes/poll.camel.yaml"));
    String halting =
        poll.replaceFirst(step, "$0                          - process: {ref: halt}\n");
    assertThat(halting).isNotEqualTo(poll);
    rows(0, ROWS);
    relay
        .route("poll", halting)
        .route("halt", Routes.HALT_BEAN)
        .set("relay.poll.rows.max-pages", "3")
        .startWithTestClasses();
    await().atMost(SOON).until(() -> destination.calls().size() >= 12);
    Files.createFile(folder.resolve("halt"));
    assertThat(relay.awaitEnd()).isEqualTo(HaltOnce.KILLED);
    int asked = api.asked().size();

    relay.startWithTestClasses();
    everyRowArrivesOnce(ROWS);
    assertThat(api.asked().subList(asked, api.asked().size()).get(0).query())
        .as("it does not begin again")
        .containsKey("cursor");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cursor", "since"})
  void anywhere_while_rows_come_in(String kind) {
    list(kind);
    Random random = new Random(7);
    relay.set("relay.poll.rows.pause", "1ms").set("relay.poll.rows.overlap", "1s").start();
    for (int round = 0; round < 5; round++) {
      int from = round * ROWS;
      rows(from, from + ROWS);
      int asked = api.asked().size() + 1 + random.nextInt(8);
      await().atMost(SOON).until(() -> api.asked().size() >= asked);
      relay.kill();
      relay.start();
    }
    everyRowArrivesOnce(5 * ROWS);
  }

  private void rows(int from, int to) {
    // several of one time
    IntStream.range(from, to)
        .forEach(i -> api.put(KEY, "r_%05d".formatted(i), T.plusSeconds(i / 3)));
  }

  private void everyRowArrivesOnce(int rows) {
    await().atMost(SOON).until(() -> destination.effects().size() >= rows);
    relay.terminate();
    assertThat(Stored.events(folder)).doesNotHaveDuplicates().hasSize(rows);
    assertThat(destination.effects()).hasSize(rows);
  }
}
