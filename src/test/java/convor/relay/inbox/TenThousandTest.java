package convor.relay.inbox;

import static convor.relay.testing.Target.closes;
import static convor.relay.testing.Target.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Target;
import convor.relay.testing.TestRelay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TenThousandTest {
  private static final int EVENTS = 10_000;

  /**
   * The destination knows what it has done by the idempotency key, and half of its failures do it.
   */
  @Test
  void ten_thousand_events_of_which_every_fifth_call_fails_are_all_done_once(@TempDir Path folder)
      throws Exception {
    AtomicInteger calls = new AtomicInteger();
    Set<String> effects = ConcurrentHashMap.newKeySet();
    Map<String, Integer> answered = new ConcurrentHashMap<>();
    try (Target target = new Target();
        TestRelay relay = new TestRelay(folder).set("relay.delivery.backoff", "10ms,50ms")) {
      target.answers(
          (call, response) -> {
            int n = calls.incrementAndGet();
            if (n % 10 == 5) {
              status(500).accept(call, response);
            } else if (n % 10 == 0) {
              effects.add(call.key());
              closes().accept(call, response);
            } else {
              effects.add(call.key());
              answered.merge(call.key(), 1, Integer::sum);
              status(200).accept(call, response);
            }
          });
      relay.route("crm", target.route("crm", "concurrency: 32")).start();
      append(relay);
      await()
          .atMost(Duration.ofMinutes(5))
          .pollInterval(Duration.ofMillis(500))
          .until(() -> done(relay) == EVENTS);
      assertThat(effects).hasSize(EVENTS);
      assertThat(answered).hasSize(EVENTS).allSatisfy((key, n) -> assertThat(n).isEqualTo(1));
      assertThat(relay.rows("select count(*) from delivery"))
          .isEqualTo(List.of(String.valueOf(EVENTS)));
    }
  }

  private static void append(TestRelay relay) throws Exception {
    ExecutorService senders = Executors.newFixedThreadPool(64);
    try (ProducerTemplate template = relay.relay().camelContext().createProducerTemplate()) {
      List<Future<Object>> sent =
          java.util.stream.IntStream.range(0, EVENTS)
              .mapToObj(i -> senders.submit(() -> append(template, "e" + i)))
              .toList();
      for (Future<Object> one : sent) {
        one.get();
      }
    } finally {
      senders.shutdown();
    }
  }

  private static Object append(ProducerTemplate template, String key) {
    Map<String, Object> headers =
        Map.of(Headers.ORG, "acme", Headers.SOURCE, "convor", Headers.KEY, key, Headers.TYPE, "t");
    return template.requestBodyAndHeaders("inbox:append", "{\"id\":\"" + key + "\"}", headers);
  }

  private static int done(TestRelay relay) {
    return Integer.parseInt(
        relay.rows("select count(*) from delivery where state = 'done'").get(0));
  }
}
