package convor.relay.contract;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Backlog;
import convor.relay.store.Backlogs;
import convor.relay.store.ByHand;
import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Event;
import convor.relay.store.Ledger;
import convor.relay.store.Ledger.Delivery;
import convor.relay.store.Ledger.DeliveryFilter;
import convor.relay.store.Ledger.Place;
import convor.relay.store.Ledger.State;
import convor.relay.store.Pair;
import convor.relay.store.Selection;
import convor.relay.store.Subscribed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every event can be found in every state that it can be in, whatever the connectors do meanwhile.
 */
abstract class LedgerContract extends StoreContract {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Pair A = new Pair("a", "acme");
  private static final Pair B = new Pair("b", "acme");
  private static final List<Subscribed> BOTH =
      List.of(new Subscribed(A, "^(.*)$", null), new Subscribed(B, "^(odd)$", null));

  private Ledger ledger;
  private Backlogs backlogs;

  LedgerContract(Databases databases) {
    super(databases);
  }

  @BeforeEach
  void register() {
    ledger = new Ledger(store.database);
    backlogs = new Backlogs(store.database);
    store.pairs.register(A, true, "", NOW);
    store.pairs.register(B, true, "", NOW);
  }

  private void append(int number) {
    store.append(
        new Event(
            "acme",
            "convor",
            "evt_" + number,
            number % 2 == 0 ? "even" : "odd",
            "conversation/c_1",
            null,
            NOW.plusSeconds(number),
            Map.of(),
            new byte[0]));
  }

  private List<Claim> claim(Pair pair, int want, boolean bySubject) {
    Selection selection =
        new Selection(
            type -> pair.equals(A) || type.equals("odd"),
            bySubject,
            null,
            Duration.ofMinutes(1),
            Duration.ofMinutes(1));
    return store
        .deliveries
        .turn(pair, selection, status -> new Decision(status, List.of()), want, NOW)
        .claims();
  }

  private List<Delivery> all(DeliveryFilter filter, int limit) {
    List<Delivery> all = new ArrayList<>();
    Place after = Place.FIRST;
    List<Delivery> page;
    do {
      page = ledger.deliveries(filter, after, limit, BOTH);
      all.addAll(page);
      after = page.isEmpty() ? after : page.get(page.size() - 1).place();
    } while (!page.isEmpty());
    return all;
  }

  private List<Delivery> in(State state) {
    return all(new DeliveryFilter(null, null, state, null), 2);
  }

  @Test
  void pages_of_any_size_hold_every_delivery_once_with_those_that_have_no_row_yet() {
    for (int i = 1; i <= 7; i++) {
      append(i);
    }
    claim(A, 3, false);
    claim(B, 1, false);
    for (int limit = 1; limit <= 12; limit++) {
      assertThat(all(new DeliveryFilter(null, null, null, null), limit))
          .extracting(one -> one.key() + one.connector() + " " + one.state())
          .containsExactly(
              "evt_7b pending",
              "evt_7a pending",
              "evt_6a pending",
              "evt_5b pending",
              "evt_5a pending",
              "evt_4a pending",
              "evt_3b pending",
              "evt_3a running",
              "evt_2a running",
              "evt_1b running",
              "evt_1a running");
    }
    assertThat(in(State.PENDING)).hasSize(7);
    assertThat(in(State.RUNNING)).hasSize(4);
    assertThat(all(new DeliveryFilter("b", null, null, null), 2)).hasSize(4);
    assertThat(all(new DeliveryFilter(null, null, null, 3L), 1)).hasSize(2);
    assertThat(all(new DeliveryFilter(null, "globex", null, null), 1)).isEmpty();
    assertThat(backlogs.all(BOTH))
        .extracting(
            one -> one.pair() + " " + one.pending() + " " + one.running() + " " + one.held())
        .containsExactly("a/acme 4 3 0", "b/acme 3 1 0");
    assertThat(backlogs.all(BOTH)).extracting(Backlog::oldest).containsOnly(NOW.plusSeconds(1));
  }

  @Test
  void what_waits_for_its_subject_says_so_and_is_not_hurried() {
    append(1);
    append(2);
    claim(A, 5, true);
    Delivery second = in(State.WAITING).get(0);
    assertThat(second.key()).isEqualTo("evt_2");
    assertThat(second.reason()).isEqualTo("waits for an earlier event of its subject");
    assertThat(second.dueAt()).isNull();
    ByHand byHand = new ByHand(store.database);
    assertThat(byHand.retry(new ByHand.Choice("a", null, 0, Long.MAX_VALUE), NOW)).isZero();
    assertThat(byHand.replay(new ByHand.Choice(null, null, 0, Long.MAX_VALUE), NOW)).isZero();
  }

  @Test
  void a_paused_pair_holds_what_waits_and_what_is_still_to_come() {
    append(1);
    append(2);
    claim(A, 1, true);
    claim(A, 1, true);
    append(3);
    ByHand byHand = new ByHand(store.database);
    assertThat(byHand.pause(A, "")).isTrue();
    assertThat(byHand.pause(new Pair("a", "globex"), "")).isFalse();
    assertThat(in(State.HELD)).extracting(Delivery::key).containsExactly("evt_3", "evt_2");
    assertThat(backlogs.all(BOTH).get(0).held()).isEqualTo(2);
    assertThat(store.pairs.all().get(A).reason()).isEqualTo("by hand");
    assertThat(claim(A, 5, true)).isEmpty();
    assertThat(byHand.resume(A, NOW)).isTrue();
    assertThat(in(State.HELD)).isEmpty();
  }

  @Test
  void of_a_pair_that_nobody_is_subscribed_to_any_more_nothing_is_pending() {
    append(1);
    assertThat(backlogs.all(List.of())).extracting(Backlog::pending).containsOnly(0L);
    assertThat(
            ledger.deliveries(
                new DeliveryFilter(null, null, null, null), Place.FIRST, 9, List.of()))
        .isEmpty();
  }
}
