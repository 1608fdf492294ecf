package convor.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.crash.Stored.Delivery;
import convor.relay.testing.Destination;
import convor.relay.testing.Destination.Call;
import convor.relay.testing.RelayProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} at random moments, with the senders sending on. */
class KilledUnderLoadIT {
  private static final int ROUNDS = 6;
  private static final int SENDERS = 12;
  private static final Duration DELIVERED = Duration.ofMinutes(2);

  @TempDir Path folder;

  @Test
  void what_is_acknowledged_is_stored_and_takes_effect_once_however_often_it_is_killed()
      throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    try (Destination keyed = new Destination();
        Destination once = new Destination();
        RelayProcess relay = new RelayProcess(folder)) {
      relay.set("relay.delivery.backoff", "200ms").set("relay.delivery.park-probe", "200ms");
      relay.route("keyed", Routes.keyed(keyed, "", "")).route("once", Routes.once(once));
      relay.start();
      try (Load load = new Load(relay, SENDERS, Integer.MAX_VALUE)) {
        for (int round = 1; round <= ROUNDS; round++) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(800 + random.nextInt(2000)));
          relay.kill();
          Set<String> acknowledged = load.acknowledged();
          assertThat(Stored.events(folder))
              .as("stored after kill %d, seed %d", round, seed)
              .doesNotHaveDuplicates()
              .containsAll(acknowledged);
          System.out.printf(
              "seed %d, kill %d: %d acknowledged%n", seed, round, acknowledged.size());
          relay.start();
        }
        load.finish();
        assertThat(relay.send(Load.event("evt_last")).statusCode()).isEqualTo(202);
        Set<String> sent = new HashSet<>(load.acknowledged());
        sent.add("evt_last");
        await().atMost(DELIVERED).until(() -> keyed.effects().size() >= sent.size());
        await().atMost(DELIVERED).until(() -> isPosted(once, "evt_last")); // so all were claimed
        relay.terminate();
        assertThat(Stored.events(folder)).containsExactlyInAnyOrderElementsOf(sent);
        eachEffectOnce(keyed, sent);
        neverPostedTwice(once, sent);
        System.out.printf(
            "seed %d: %d sent, answers %s, %d calls for %d effects; without keys %d posted, %d left to a person%n",
            seed,
            sent.size(),
            load.answers(),
            keyed.calls().size(),
            keyed.effects().size(),
            once.calls().size(),
            sent.size() - once.calls().size());
      }
    }
  }

  private static boolean isPosted(Destination destination, String event) {
    return destination.calls().stream().anyMatch(call -> call.event().equals(event));
  }

  private void eachEffectOnce(Destination keyed, Set<String> sent) {
    assertThat(keyed.effects().values()).containsExactlyInAnyOrderElementsOf(sent);
    assertThat(keyed.calls().stream().map(Call::key).distinct()).hasSameSizeAs(sent);
    assertThat(keyed.calls())
        .as("a call that may be the second says so")
        .allMatch(call -> call.attempt().equals("1") || call.outcomeUnknown());
  }

  private void neverPostedTwice(Destination once, Set<String> sent) {
    List<String> posted = once.calls().stream().map(Call::event).toList();
    assertThat(posted).doesNotHaveDuplicates();
    List<Delivery> ledger =
        Stored.deliveries(folder).stream().filter(d -> d.connector().equals("once")).toList();
    assertThat(ledger.stream().map(Delivery::event)).containsExactlyInAnyOrderElementsOf(sent);
    assertThat(ledger).allMatch(d -> d.state().equals("done") || d.isLeftToAPerson());
    assertThat(ledger.stream().filter(d -> d.state().equals("done")).map(Delivery::event))
        .isSubsetOf(posted);
  }
}
