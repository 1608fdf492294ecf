package convor.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Destination;
import convor.relay.testing.RelayProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten thousand events to a destination that fails every fifth time it is called. */
class EveryFifthCallFailsIT {
  private static final int EVENTS = 10_000;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir Path folder;

  @Test
  void all_are_done_in_the_end_and_have_their_effect_once() {
    try (Destination destination = new Destination();
        RelayProcess relay = new RelayProcess(folder)) {
      AtomicInteger calls = new AtomicInteger();
      destination.behave(
          (exchange, call) -> {
            int number = calls.incrementAndGet();
            if (number % 5 != 0) {
              destination.work(call);
              return true;
            }
            if (number % 10 == 0) {
              destination.work(call); // and the answer is lost
              exchange.close();
            }
            return false;
          });
      relay.set("relay.delivery.backoff", "500ms");
      relay.route("keyed", Routes.keyed(destination, "", "")).start();
      try (Load load = new Load(relay, 16, EVENTS)) {
        load.await();
        await()
            .atMost(PATIENCE)
            .pollInterval(Duration.ofSeconds(1))
            .until(
                () ->
                    relay.output().lines().filter(l -> l.contains("state=done")).count() == EVENTS);
        assertThat(load.acknowledged()).hasSize(EVENTS);
      }
      assertThat(relay.terminate()).isIn(0, 143);
      assertThat(destination.effects().values()).hasSize(EVENTS).doesNotHaveDuplicates();
      assertThat(destination.calls().stream().map(Destination.Call::key).distinct())
          .hasSize(EVENTS);
      assertThat(Stored.deliveries(folder)).hasSize(EVENTS);
      assertThat(Stored.deliveries(folder).stream().filter(d -> !d.state().equals("done")))
          .isEmpty();
      System.out.printf("%d effects in %d calls%n", EVENTS, calls.get());
    }
  }
}
