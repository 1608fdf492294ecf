package convor.relay.contract;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries;
import convor.relay.store.Event;
import convor.relay.store.Pair;
import convor.relay.store.Pruning;
import convor.relay.store.Receipt;
import convor.relay.store.Selection;
import convor.relay.store.Settlement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is old goes, and nothing that is still needed. */
abstract class PruningContract extends StoreContract {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Instant MONTH_AGO = NOW.minus(Duration.ofDays(30));
  private static final Pair PAIR = new Pair("crm", "acme");
  private static final Selection ALL =
      new Selection(type -> true, false, null, Duration.ofSeconds(90), Duration.ofMinutes(1));

  private Pruning pruning;

  PruningContract(Databases databases) {
    super(databases);
  }

  @BeforeEach
  void prune() {
    pruning = new Pruning(store.database);
  }

  private Receipt append(String key, Instant receivedAt) {
    return store.append(event(key, receivedAt));
  }

  private static Event event(String key, Instant receivedAt) {
    byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
    return new Event("acme", "convor", key, "a.b", null, null, receivedAt, Map.of(), body);
  }

  private int pruneAll() {
    Pruning.Pruned step = pruning.step(-1, MONTH_AGO, MONTH_AGO);
    return step.events();
  }

  private List<Claim> deliverAll() {
    List<Claim> claims =
        store
            .deliveries
            .turn(PAIR, ALL, status -> new Deliveries.Decision(status, List.of()), 10, NOW)
            .claims();
    List<Settlement> done =
        claims.stream()
            .map(
                claim ->
                    new Settlement(
                        claim,
                        Settlement.State.DONE,
                        null,
                        1,
                        false,
                        new Settlement.Answer(200, null, null, null)))
            .toList();
    store.deliveries.turn(PAIR, ALL, status -> new Deliveries.Decision(status, done), 0, NOW);
    return claims;
  }

  @Test
  void a_pruned_events_key_is_still_known_as_seen_until_it_is_forgotten() {
    Instant old = MONTH_AGO.minusSeconds(1);
    append("evt_1", old);

    assertThat(pruneAll()).isEqualTo(1);
    assertThat(append("evt_1", NOW)).isEqualTo(Receipt.DUPLICATE);

    pruning.forgetKeys(old.plusSeconds(1), () -> true);
    assertThat(append("evt_1", NOW)).isEqualTo(Receipt.STORED);
  }

  @Test
  void a_young_event_is_not_pruned() {
    append("evt_1", MONTH_AGO);

    assertThat(pruneAll()).isZero();
  }

  @Test
  void an_event_that_a_connector_still_has_to_deliver_is_kept_however_old() {
    store.pairs.register(PAIR, true, "", NOW);
    append("behind the position", MONTH_AGO.minusSeconds(1));
    assertThat(pruneAll()).isZero();

    store.deliveries.turn(PAIR, ALL, status -> new Deliveries.Decision(status, List.of()), 10, NOW);
    assertThat(pruneAll()).as("running").isZero();
  }

  @Test
  void a_delivered_event_is_pruned_with_its_deliveries() {
    store.pairs.register(PAIR, true, "", NOW);
    append("evt_1", MONTH_AGO.minusSeconds(1));
    assertThat(deliverAll()).hasSize(1);

    assertThat(pruneAll()).isEqualTo(1);
  }

  @Test
  void a_connector_that_no_node_has_any_more_keeps_nothing() {
    store.pairs.register(PAIR, true, "", MONTH_AGO.minusSeconds(1));
    append("evt_1", MONTH_AGO.minusSeconds(1));

    assertThat(pruneAll()).isEqualTo(1);
  }

  @Test
  void pruning_goes_in_steps_until_nothing_old_is_left() {
    appendOld(1_000, "evt_");
    append("young", NOW);

    List<Integer> steps = new ArrayList<>();
    Pruning.Pruned step = new Pruning.Pruned(-1, 0, 0);
    long at;
    do {
      at = step.lastId();
      step = pruning.step(at, MONTH_AGO, MONTH_AGO);
      steps.add(step.events());
      append("between " + steps.size(), NOW);
    } while (step.lastId() != at);

    assertThat(steps).hasSizeGreaterThan(4).allMatch(events -> events <= 200);
    assertThat(store.count("event")).isEqualTo(1 + steps.size());
    for (int i = 1; i <= 1_000; i++) {
      assertThat(append("evt_" + i, NOW)).isEqualTo(Receipt.DUPLICATE);
    }
  }

  @Test
  void keys_are_forgotten_and_none_before_its_time() {
    appendOld(1_000, "evt_");
    append("younger", MONTH_AGO.minusSeconds(1));
    for (long at = -1, next = 0; at != next; ) {
      at = next;
      next = pruning.step(at, MONTH_AGO, MONTH_AGO).lastId();
    }
    AtomicInteger between = new AtomicInteger();

    pruning.forgetKeys(
        MONTH_AGO.minusSeconds(1),
        () -> append("between " + between.incrementAndGet(), NOW) == Receipt.STORED);

    assertThat(append("younger", NOW)).isEqualTo(Receipt.DUPLICATE);
    for (int i = 1; i <= 1_000; i++) {
      assertThat(append("evt_" + i, NOW)).isEqualTo(Receipt.STORED);
    }
  }

  @Test
  void the_keys_of_events_that_are_kept_are_not_forgotten_however_old() {
    store.pairs.register(PAIR, true, "", NOW);
    append("evt_1", MONTH_AGO.minusSeconds(1));
    append("late", MONTH_AGO.minus(Duration.ofDays(3))); // it was in Kafka meanwhile
    assertThat(pruneAll()).isZero();

    pruning.forgetKeys(NOW, () -> true);
    assertThat(append("evt_1", NOW)).isEqualTo(Receipt.DUPLICATE);
    assertThat(append("late", NOW)).isEqualTo(Receipt.DUPLICATE);
  }

  @Test
  void an_event_that_is_stored_late_is_known_though_keys_of_its_age_are_forgotten() {
    pruning.forgetKeys(NOW, () -> true);

    assertThat(append("late", MONTH_AGO)).isEqualTo(Receipt.STORED);
    assertThat(append("late", MONTH_AGO)).isEqualTo(Receipt.DUPLICATE);
  }

  /** One a millisecond, the last of them a second and a millisecond too old. */
  private void appendOld(int count, String prefix) {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Instant at = MONTH_AGO.minusSeconds(1).minusMillis(1L + count - i);
      receipts.add(store.events.append(event(prefix + i, at)));
    }
    receipts.forEach(receipt -> assertThat(Store.get(receipt)).isEqualTo(Receipt.STORED));
  }
}
