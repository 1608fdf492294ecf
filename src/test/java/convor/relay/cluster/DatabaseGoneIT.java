package convor.relay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.crash.Load;
import convor.relay.crash.Routes;
import convor.relay.testing.Destination;
import convor.relay.testing.Postgresql;
import convor.relay.testing.RelayProcess;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL goes away and comes back, with the senders sending on. */
class DatabaseGoneIT {
  private static final int ROUNDS = 3;
  private static final Duration SOON = Duration.ofMinutes(1);

  @TempDir Path folder;

  @Test
  void it_says_503_while_the_database_is_away_and_what_it_acknowledged_is_there_afterwards()
      throws Exception {
    try (Destination destination = new Destination();
        Postgresql server =
            Postgresql.durable(Files.createDirectory(folder.resolve("postgresql")));
        RelayProcess relay = new RelayProcess(Files.createDirectory(folder.resolve("node")))) {
      String url = server.emptyDatabase();
      relay.route("crm", Routes.keyed("crm", destination)).set("relay.store.url", url);
      relay.set("relay.delivery.lease", "6s").set("relay.delivery.backoff", "200ms").start();
      try (Load load = new Load(List.of(relay), 12, Integer.MAX_VALUE)) {
        for (int round = 1; round <= ROUNDS; round++) {
          int before = load.acknowledged().size();
          await().atMost(SOON).until(() -> load.acknowledged().size() > before + 300);
          server.kill();
          Set<String> acknowledged = load.acknowledged();
          await().atMost(SOON).until(() -> relay.health() == 503);
          HttpResponse<String> refused = relay.send(Load.event("evt_away_" + round));
          assertThat(refused.statusCode()).isEqualTo(503);
          assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");
          server.start();
          assertThat(stored(url)).doesNotHaveDuplicates().containsAll(acknowledged);
          await().atMost(SOON).until(() -> relay.health() == 200);
        }
        load.finish();
        Set<String> sent = load.acknowledged();
        assertThat(stored(url)).doesNotHaveDuplicates().containsAll(sent);
        await()
            .atMost(SOON.multipliedBy(2))
            .until(() -> Set.copyOf(destination.effects().values()).containsAll(sent));
        assertThat(destination.effects().values()).doesNotHaveDuplicates();
        System.out.printf(
            "database killed %d times: %d acknowledged, answers %s, %d calls for %d effects%n",
            ROUNDS,
            sent.size(),
            load.answers(),
            destination.calls().size(),
            destination.effects().size());
      }
      assertThat(relay.terminate()).isIn(0, 143);
    }
  }

  private static List<String> stored(String url) {
    return Postgresql.column(url, "select event_key from event");
  }
}
