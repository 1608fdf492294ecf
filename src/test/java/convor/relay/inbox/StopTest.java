package convor.relay.inbox;

import static convor.relay.testing.Target.hangs;
import static convor.relay.testing.Target.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Target;
import convor.relay.testing.Target.Call;
import convor.relay.testing.TestRelay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.camel.CamelContext;
import org.apache.camel.support.LifecycleStrategySupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Stopping: what runs is finished and settled, what hangs is given up and known as unknown. */
class StopTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final Target target = new Target();
  private TestRelay relay;

  @AfterEach
  void close() {
    relay.close();
    target.close();
  }

  private void start(String drainTimeout, String... connectors) {
    relay = new TestRelay(folder).set("relay.delivery.drain-timeout", drainTimeout);
    relay.set("relay.delivery.backoff", "20ms");
    for (String connector : connectors) {
      relay.route(connector, target.route(connector, ""));
    }
    relay.start();
  }

  private List<String> deliveries() {
    return relay.rows(
        "select connector, state, attempt, outcome_unknown from delivery order by connector");
  }

  @Test
  void a_stop_waits_for_the_running_attempts_and_settles_them() {
    target.answers(target.after(2_000, status(200)));
    start("30s", "a", "b");
    relay.accept("e1", "t");
    await().atMost(LONG).until(() -> target.calls("e1").size() == 2);
    relay.close();
    assertThat(deliveries()).containsExactly("a done 1 false", "b done 1 false");
    relay.start();
    relay.accept("e2", "t");
    await().atMost(LONG).until(() -> target.calls("e2").size() == 2);
    assertThat(target.calls("e1")).hasSize(2);
  }

  @Test
  @Timeout(20) // the calls themselves hang for 25 s, and there are five connectors
  void a_stop_does_not_wait_for_what_hangs_longer_than_the_drain_timeout() {
    target.answers(hangs());
    start("1s", "a", "b", "c", "d", "e");
    relay.accept("e1", "t");
    await().atMost(LONG).until(() -> target.calls("e1").size() == 5);
    relay.close();
    assertThat(deliveries())
        .containsExactly(
            "a waiting 1 true",
            "b waiting 1 true",
            "c waiting 1 true",
            "d waiting 1 true",
            "e waiting 1 true");
  }

  @Test
  void what_a_stop_gave_up_is_tried_again_and_told_that_it_may_have_arrived() {
    target.answers(hangs());
    start("1s", "a");
    relay.accept("e1", "t");
    await().atMost(LONG).until(() -> target.calls("e1").size() == 1);
    relay.close();
    target.answers(status(200));
    relay.start();
    await().atMost(LONG).until(() -> deliveries().equals(List.of("a done 2 false")));
    assertThat(target.calls("e1")).extracting(Call::unknown).containsExactly(false, true);
    assertThat(target.calls("e1"))
        .extracting(Call::key)
        .containsOnly(target.calls("e1").get(0).key());
  }

  @Test
  void nothing_new_is_claimed_while_it_stops() {
    Queue<Runnable> held = new ConcurrentLinkedQueue<>();
    target.answers((call, response) -> held.add(() -> status(200).accept(call, response)));
    start("30s", "a");
    for (int i = 0; i < 20; i++) {
      relay.accept("e" + i, "t");
    }
    await().atMost(LONG).until(() -> held.size() == 8);
    relay
        .relay()
        .camelContext()
        .addLifecycleStrategy(
            new LifecycleStrategySupport() {
              @Override
              public void onContextStopping(CamelContext context) {
                target.answers(status(200));
                held.forEach(Runnable::run); // the connectors, told before, have begun to drain
              }
            });
    relay.close();
    assertThat(target.calls()).hasSize(8);
    assertThat(relay.rows("select state from delivery")).hasSize(8).containsOnly("done");
    relay.start();
    await().atMost(LONG).until(() -> target.calls().size() == 20);
  }
}
