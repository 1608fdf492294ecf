package convor.relay.contract;

import static convor.relay.contract.Store.ALL;
import static convor.relay.contract.Store.LEASE;
import static convor.relay.contract.Store.SLACK;
import static convor.relay.contract.Store.T0;
import static convor.relay.contract.Store.dead;
import static convor.relay.contract.Store.done;
import static convor.relay.contract.Store.event;
import static convor.relay.contract.Store.keys;
import static convor.relay.contract.Store.waiting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Deliveries.Turn;
import convor.relay.store.Pair;
import convor.relay.store.Rate;
import convor.relay.store.Selection;
import convor.relay.store.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * From claim to settle: each delivery in one hand at a time, and only that hand's result counts.
 */
abstract class ClaimContract extends StoreContract {
  ClaimContract(Databases databases) {
    super(databases);
  }

  @BeforeEach
  void register() {
    store.register(SLACK);
  }

  @Test
  void events_are_claimed_in_the_order_of_the_log_and_each_once() {
    store.append("e", 5, Store::event);
    Turn first = store.claim(SLACK, ALL, 3, T0);
    assertThat(keys(first.claims())).containsExactly("e1", "e2", "e3");
    assertThat(first.more()).isTrue();
    Turn second = store.claim(SLACK, ALL, 3, T0);
    assertThat(keys(second.claims())).containsExactly("e4", "e5");
    assertThat(second.more()).isFalse();
    assertThat(store.claim(3, T0)).isEmpty();
  }

  @Test
  void a_first_claim_is_attempt_one_and_certain() {
    store.append(event("e"));
    Claim claim = store.claim(1, T0).get(0);
    assertThat(claim.attempt()).isEqualTo(1);
    assertThat(claim.outcomeUnknown()).isFalse();
    assertThat(claim.startedAt()).isEqualTo(T0);
    assertThat(claim.pair()).isEqualTo(SLACK);
  }

  @Test
  void what_is_done_or_dead_is_not_claimed_again_and_its_answer_is_kept() {
    store.append("e", 2, Store::event);
    List<Claim> claims = store.claim(2, T0);
    Turn turn = store.settle(T0.plusMillis(7), done(claims.get(0)), dead(claims.get(1)));
    assertThat(turn.settled()).hasSize(2);
    assertThat(turn.fenced()).isEmpty();
    assertThat(store.claim(2, T0.plus(Duration.ofDays(9_999)))).isEmpty();
    assertThat(
            store.query(
                "select state, status, reason, excerpt, remote_id, settled_at from delivery order by event_id"))
        .containsExactly(
            row("done", 200, null, null, "remote-1", T0.toEpochMilli() + 7),
            row("dead", 404, "HTTP 404", "{\"error\":\"gone\"}", null, T0.toEpochMilli() + 7));
  }

  private static List<Object> row(Object... values) {
    return java.util.Arrays.asList(values);
  }

  @Test
  void what_waits_is_claimed_when_it_is_due_and_keeps_its_first_start() {
    store.append(event("e"));
    Instant due = T0.plusSeconds(5);
    store.settle(T0, waiting(store.claim(1, T0).get(0), due));
    assertThat(store.claim(1, due.minusMillis(1))).isEmpty();
    Claim again = store.claim(1, due).get(0);
    assertThat(again.attempt()).isEqualTo(2);
    assertThat(again.startedAt()).isEqualTo(T0);
    assertThat(again.outcomeUnknown()).isFalse();
  }

  @Test
  void what_is_due_comes_before_what_is_new() {
    store.append("e", 2, Store::event);
    store.settle(T0, waiting(store.claim(1, T0).get(0), T0));
    assertThat(keys(store.claim(1, T0))).containsExactly("e1");
    assertThat(keys(store.claim(1, T0))).containsExactly("e2");
  }

  @Test
  void results_and_the_next_claim_are_one_turn() {
    store.append("e", 2, Store::event);
    Claim first = store.claim(1, T0).get(0);
    Turn turn =
        store.deliveries.turn(
            SLACK, ALL, status -> new Decision(status, List.of(done(first))), 1, T0);
    assertThat(turn.settled()).hasSize(1);
    assertThat(keys(turn.claims())).containsExactly("e2");
  }

  @Test
  void an_expired_lease_is_one_attempt_more_with_an_unknown_outcome() {
    store.append(event("e"));
    store.claim(1, T0);
    assertThat(store.claim(1, T0.plus(LEASE).minusMillis(1))).isEmpty();
    Claim again = store.claim(1, T0.plus(LEASE)).get(0);
    assertThat(again.attempt()).isEqualTo(2);
    assertThat(again.outcomeUnknown()).isTrue();
    assertThat(again.startedAt()).isEqualTo(T0);
  }

  @Test
  void an_unknown_outcome_stays_known_as_such_over_later_attempts() {
    store.append(event("e"));
    store.claim(1, T0);
    Instant later = T0.plus(LEASE);
    Claim second = store.claim(1, later).get(0);
    var still =
        new convor.relay.store.Settlement(
            second,
            convor.relay.store.Settlement.State.WAITING,
            later,
            2,
            second.outcomeUnknown(),
            new convor.relay.store.Settlement.Answer(null, "refused", null, null));
    store.settle(later, still);
    assertThat(store.claim(1, later).get(0).outcomeUnknown()).isTrue();
  }

  @Test
  void a_result_that_comes_too_late_changes_nothing() {
    store.append("e", 2, Store::event);
    Claim late = store.claim(1, T0).get(0);
    Instant expired = T0.plus(LEASE);
    Claim current = store.claim(1, expired).get(0);
    List<List<Object>> before = store.query("select * from delivery");

    Turn turn = store.settle(expired, done(late));
    assertThat(turn.fenced()).containsExactlyElementsOf(turn.settled()).hasSize(1);
    assertThat(store.query("select * from delivery")).isEqualTo(before);

    assertThat(store.settle(expired, dead(current)).fenced()).isEmpty();
    assertThat(store.query("select state from delivery")).containsExactly(List.of("dead"));
  }

  @Test
  void a_result_settles_once() {
    store.append(event("e"));
    Claim claim = store.claim(1, T0).get(0);
    store.settle(T0, done(claim));
    assertThat(store.settle(T0, dead(claim)).fenced()).hasSize(1);
    assertThat(store.query("select state from delivery")).containsExactly(List.of("done"));
  }

  @Test
  void a_failed_turn_leaves_everything_as_it_was() {
    store.append("e", 2, Store::event);
    Claim claim = store.claim(1, T0).get(0);
    assertThatThrownBy(
            () ->
                store.deliveries.turn(
                    SLACK,
                    ALL,
                    status -> {
                      throw new IllegalStateException("decided wrong");
                    },
                    5,
                    T0))
        .isInstanceOf(IllegalStateException.class);
    assertThat(store.settle(T0, done(claim)).fenced()).isEmpty();
    assertThat(keys(store.claim(5, T0))).containsExactly("e2");
  }

  @Test
  void a_pair_that_nobody_registered_claims_nothing() {
    assertThatThrownBy(() -> store.claim(new Pair("no", "acme"), ALL, 1, T0))
        .isInstanceOf(StoreUnavailable.class)
        .hasMessageContaining("no/acme");
  }

  @Test
  void the_position_moves_over_events_of_other_types() {
    Selection created = new Selection("created"::equals, false, null, LEASE, LEASE);
    store.append("a", 3, key -> event("acme", key, "other", null));
    store.append(event("acme", "wanted", "created", null));
    store.append("b", 2, key -> event("acme", key, "other", null));
    assertThat(keys(store.claim(SLACK, created, 5, T0).claims())).containsExactly("wanted");
    assertThat(store.status(SLACK).position()).isEqualTo(lastId());
    assertThat(store.count("delivery")).isEqualTo(1);
    assertThat(store.pairs.withWork("slack", T0)).isEmpty();
  }

  @Test
  void one_claim_looks_at_a_bounded_part_of_the_log_and_says_that_there_is_more() {
    Selection last = new Selection("last"::equals, false, null, LEASE, LEASE);
    store.append("e", 1_100, key -> event("acme", key, "other", null));
    store.append(event("acme", "found", "last", null));
    List<Claim> claims = new ArrayList<>();
    int turns = 0;
    Turn turn;
    do {
      turn = store.claim(SLACK, last, 5, T0);
      claims.addAll(turn.claims());
      turns++;
    } while (turn.more());
    assertThat(turns).isEqualTo(3);
    assertThat(keys(claims)).containsExactly("found");
  }

  @Test
  void a_position_never_passes_an_event_that_found_no_room() {
    store.append("e", 10, Store::event);
    store.claim(4, T0);
    assertThat(store.status(SLACK).position()).isEqualTo(lastId() - 6);
  }

  private long lastId() {
    return ((Number) store.query("select max(id) from event").get(0).get(0)).longValue();
  }

  @Test
  void a_rate_is_kept_over_claims_with_a_burst_of_one_second() {
    Selection tenPerSecond = new Selection(t -> true, false, Rate.parse("10/s"), LEASE, LEASE);
    store.append("e", 100, Store::event);
    assertThat(store.claim(SLACK, tenPerSecond, 50, T0).claims()).hasSize(10);
    assertThat(store.claim(SLACK, tenPerSecond, 50, T0).claims()).isEmpty();
    assertThat(store.claim(SLACK, tenPerSecond, 50, T0.plusMillis(99)).claims()).isEmpty();
    assertThat(store.claim(SLACK, tenPerSecond, 50, T0.plusMillis(100)).claims()).hasSize(1);
    assertThat(store.claim(SLACK, tenPerSecond, 50, T0.plusMillis(350)).claims()).hasSize(2);
    assertThat(store.status(SLACK).rateAt()).isEqualTo(T0.plusMillis(400));
    assertThat(store.claim(SLACK, tenPerSecond, 50, T0.plusSeconds(60)).claims()).hasSize(10);
  }

  @Test
  void a_rate_counts_attempts_that_are_claimed_not_the_room_for_them() {
    Selection onePerSecond = new Selection(t -> true, false, Rate.parse("1/s"), LEASE, LEASE);
    assertThat(store.claim(SLACK, onePerSecond, 5, T0).claims()).isEmpty();
    store.append("e", 3, Store::event);
    assertThat(store.claim(SLACK, onePerSecond, 5, T0).claims()).hasSize(1);
    assertThat(store.claim(SLACK, onePerSecond, 5, T0).claims()).isEmpty();
  }

  @Test
  void two_claimers_of_one_pair_never_get_the_same_delivery() throws Exception {
    store.append("e", 400, Store::event);
    var got = new ConcurrentLinkedQueue<Long>();
    List<Thread> claimers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread claimer =
          new Thread(
              () -> {
                Turn turn;
                do {
                  turn = store.claim(SLACK, ALL, 7, T0);
                  turn.claims().forEach(claim -> got.add(claim.eventId()));
                } while (turn.more());
              });
      claimers.add(claimer);
      claimer.start();
    }
    for (Thread claimer : claimers) {
      claimer.join();
    }
    assertThat(got).doesNotHaveDuplicates().hasSize(400);
  }

  @Test
  void appends_go_on_while_deliveries_are_claimed_and_settled() throws Exception {
    Thread sender = new Thread(() -> store.append("e", 2_000, Store::event));
    sender.start();
    List<String> delivered = new ArrayList<>();
    while (sender.isAlive() || delivered.size() < 2_000) {
      List<Claim> claims = store.claim(50, T0);
      delivered.addAll(keys(claims));
      store.settle(
          T0, claims.stream().map(Store::done).toArray(convor.relay.store.Settlement[]::new));
    }
    sender.join();
    assertThat(delivered).doesNotHaveDuplicates().hasSize(2_000);
  }
}
