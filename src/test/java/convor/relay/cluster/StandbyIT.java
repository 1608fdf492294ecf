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
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL and its standby, which replicates synchronously; the first one dies under load. */
class StandbyIT {
  private static final Duration SOON = Duration.ofMinutes(1);

  @TempDir Path folder;

  @Test
  void a_promoted_standby_has_all_that_was_acknowledged_and_is_found_without_a_restart()
      throws Exception {
    try (Destination destination = new Destination();
        Postgresql primary = Postgresql.durable(folder("primary"));
        Postgresql standby = primary.standby(folder("standby"));
        RelayProcess relay = new RelayProcess(folder("node"))) {
      String before = primary.emptyDatabase();
      String after = before.replace(primary.address(), standby.address());
      String both = primary.address() + "," + standby.address();
      relay
          .route("crm", Routes.keyed("crm", destination))
          .set(
              "relay.store.url",
              before.replace(primary.address(), both) + "&targetServerType=primary")
          .set("relay.delivery.lease", "6s")
          .set("relay.delivery.backoff", "200ms")
          .start();
      try (Load load = new Load(List.of(relay), 12, Integer.MAX_VALUE)) {
        await().atMost(SOON).until(() -> load.acknowledged().size() > 300);
        primary.kill();
        Set<String> acknowledged = load.acknowledged();
        await().atMost(SOON).until(() -> relay.health() == 503);
        HttpResponse<String> refused = relay.send(Load.event("evt_away"));
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");

        standby.promote();
        Instant promoted = Instant.now();
        assertThat(stored(after)).doesNotHaveDuplicates().containsAll(acknowledged);
        await().atMost(SOON).until(() -> relay.health() == 200);
        Duration healed = Duration.between(promoted, Instant.now());
        await().atMost(SOON).until(() -> load.acknowledged().size() > acknowledged.size() + 300);
        load.finish();
        Set<String> sent = load.acknowledged();
        assertThat(stored(after)).doesNotHaveDuplicates().containsAll(sent);
        await()
            .atMost(SOON.multipliedBy(2))
            .until(() -> Set.copyOf(destination.effects().values()).containsAll(sent));
        assertThat(destination.effects().values()).doesNotHaveDuplicates();
        System.out.printf(
            "failover: well %d ms after the promotion; %d acknowledged before, %d in the end, answers %s%n",
            healed.toMillis(), acknowledged.size(), sent.size(), load.answers());
      }
      assertThat(relay.terminate()).isIn(0, 143);
    }
  }

  private Path folder(String name) throws Exception {
    return Files.createDirectory(folder.resolve(name));
  }

  private static List<String> stored(String url) {
    return Postgresql.column(url, "select event_key from event");
  }
}
