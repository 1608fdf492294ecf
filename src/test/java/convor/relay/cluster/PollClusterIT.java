package convor.relay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.ListApi;
import convor.relay.testing.Postgresql;
import convor.relay.testing.RelayProcess;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes poll by one PostgreSQL. */
class PollClusterIT {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final Instant T = Instant.parse("2026-11-01T10:00:00Z");
  private static final List<String> ORGS = List.of("acme", "globex", "hooli", "initech");
  private static final int ROWS = 60;

  @TempDir Path folder;
  private final Map<String, AtomicInteger> underWay = new ConcurrentHashMap<>();
  private final Set<String> twice = ConcurrentHashMap.newKeySet();

  private RelayProcess node(String name, String database, ListApi api) throws Exception {
    RelayProcess node =
        new RelayProcess(Files.createDirectory(folder.resolve(name)))
            .route("poll", RelayProcess.text(Path.of("routes/poll.camel.yaml")))
            .route(
                "poll-conversations",
                RelayProcess.text(Path.of("routes/poll-conversations.camel.yaml")))
            .set("relay.store.url", database)
            .set("relay.poll.lease", "6s")
            .set("relay.call.timeout", "5s")
            .set("relay.poll.conversations.start", "beginning")
            .set("relay.poll.conversations.period", "1s")
            .set("relay.poll.conversations.pause", "1ms")
            .set("relay.poll.conversations.max-pages", "2")
            .set("relay.poll.conversations.page-size", "3");
    for (String org : ORGS) {
      node.set("relay.orgs." + org + ".api.base-url", api.url() + "/" + name);
      node.set("relay.orgs." + org + ".api.key", org);
    }
    return node;
  }

  /** Remembers whether two requests of one organization are under way at once. */
  private boolean watch(ListApi.Ask ask, HttpServerResponse response) {
    AtomicInteger own = underWay.computeIfAbsent(ask.key(), key -> new AtomicInteger());
    if (own.incrementAndGet() > 1) {
      twice.add(ask.key() + " " + ask.path());
    }
    AtomicBoolean over = new AtomicBoolean();
    Handler<Void> once =
        end -> {
          if (over.compareAndSet(false, true)) {
            own.decrementAndGet();
          }
        };
    response.endHandler(once).closeHandler(once);
    return false;
  }

  @Test
  void no_organization_is_polled_by_both_at_once_and_one_takes_over_from_the_other()
      throws Exception {
    try (ListApi api = new ListApi();
        Postgresql server = Postgresql.quick(Postgresql.Version.NEWEST, folder.resolve("data"))) {
      String database = server.emptyDatabase();
      api.answers(this::watch);
      try (RelayProcess one = node("one", database, api);
          RelayProcess two = node("two", database, api)) {
        rows(api, 0, ROWS);
        one.start();
        two.start();
        await().atMost(SOON).until(() -> asked(api, "one") > 20 && asked(api, "two") > 20);
        one.kill();
        rows(api, ROWS, 2 * ROWS);
        await().atMost(SOON).until(() -> events(database).size() >= ORGS.size() * 2 * ROWS);
        two.terminate();
      }
      assertThat(twice).isEmpty();
      assertThat(events(database)).doesNotHaveDuplicates().hasSize(ORGS.size() * 2 * ROWS);
    }
  }

  private static void rows(ListApi api, int from, int to) {
    for (String org : ORGS) {
      for (int i = from; i < to; i++) {
        api.put(org, "c_%04d".formatted(i), T.plusSeconds(i));
      }
    }
  }

  private static long asked(ListApi api, String node) {
    return api.asked().stream().filter(ask -> ask.path().startsWith("/" + node + "/")).count();
  }

  private static List<String> events(String database) {
    return Postgresql.column(database, "select org || ' ' || event_key from event");
  }
}
