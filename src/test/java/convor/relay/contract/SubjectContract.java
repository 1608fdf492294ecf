package convor.relay.contract;

import static convor.relay.contract.Store.ALL;
import static convor.relay.contract.Store.LEASE;
import static convor.relay.contract.Store.ORDERED;
import static convor.relay.contract.Store.SLACK;
import static convor.relay.contract.Store.T0;
import static convor.relay.contract.Store.dead;
import static convor.relay.contract.Store.done;
import static convor.relay.contract.Store.event;
import static convor.relay.contract.Store.keys;
import static convor.relay.contract.Store.waiting;
import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Turn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With {@code ordering=subject} a later event of a subject waits for the earlier one. */
abstract class SubjectContract extends StoreContract {
  SubjectContract(Databases databases) {
    super(databases);
  }

  @BeforeEach
  void register() {
    store.register(SLACK);
  }

  private void append(String key, String subject) {
    store.append(event("acme", key, "t", subject));
  }

  private List<Claim> claim() {
    return store.claim(SLACK, ORDERED, 10, T0).claims();
  }

  @Test
  void a_later_event_waits_while_the_earlier_one_runs_and_others_do_not() {
    append("a1", "a");
    append("a2", "a");
    append("b1", "b");
    append("none1", null);
    append("none2", null);
    assertThat(keys(claim())).containsExactly("a1", "b1", "none1", "none2");
    assertThat(claim()).isEmpty();
  }

  @Test
  void the_next_is_released_by_done_one_at_a_time() {
    append("a1", "a");
    append("a2", "a");
    append("a3", "a");
    Claim first = claim().get(0);
    store.settle(T0, done(first));
    Claim second = claim().get(0);
    assertThat(second.event().key()).isEqualTo("a2");
    assertThat(second.attempt()).isEqualTo(1);
    assertThat(second.startedAt()).isEqualTo(T0);
    assertThat(claim()).isEmpty();
    store.settle(T0, done(second));
    assertThat(keys(claim())).containsExactly("a3");
  }

  @Test
  void the_next_is_released_by_dead() {
    append("a1", "a");
    append("a2", "a");
    store.settle(T0, dead(claim().get(0)));
    assertThat(keys(claim())).containsExactly("a2");
  }

  @Test
  void the_next_is_not_released_while_the_earlier_one_waits_for_its_retry() {
    append("a1", "a");
    append("a2", "a");
    store.settle(T0, waiting(claim().get(0), T0.plusSeconds(5)));
    assertThat(claim()).isEmpty();
    List<Claim> retry = store.claim(SLACK, ORDERED, 10, T0.plusSeconds(5)).claims();
    assertThat(keys(retry)).containsExactly("a1");
  }

  @Test
  void an_event_that_comes_later_waits_too_across_claims_and_restarts() {
    append("a1", "a");
    claim();
    reopen();
    append("a2", "a");
    assertThat(claim()).isEmpty();
    List<Claim> again = store.claim(SLACK, ORDERED, 10, T0.plus(LEASE)).claims();
    assertThat(keys(again)).containsExactly("a1");
    store.settle(T0, done(again.get(0)));
    assertThat(keys(claim())).containsExactly("a2");
  }

  @Test
  void after_done_and_dead_a_subject_is_free() {
    append("a1", "a");
    store.settle(T0, done(claim().get(0)));
    append("a2", "a");
    store.settle(T0, dead(claim().get(0)));
    append("a3", "a");
    assertThat(keys(claim())).containsExactly("a3");
  }

  @Test
  void a_result_that_came_too_late_releases_nothing() {
    append("a1", "a");
    append("a2", "a");
    Claim late = claim().get(0);
    store.claim(SLACK, ORDERED, 10, T0.plus(LEASE));
    store.settle(T0, done(late));
    assertThat(claim()).isEmpty();
  }

  @Test
  void the_same_subject_of_another_organization_or_connector_does_not_wait() {
    var other = store.register(new convor.relay.store.Pair("slack", "other"));
    var crm = store.register(new convor.relay.store.Pair("crm", "acme"));
    append("a1", "a");
    append("a2", "a");
    store.append(event("other", "theirs", "t", "a"));
    assertThat(keys(claim())).containsExactly("a1");
    assertThat(keys(store.claim(other, ORDERED, 10, T0).claims())).containsExactly("theirs");
    assertThat(keys(store.claim(crm, ORDERED, 10, T0).claims())).containsExactly("a1");
  }

  @Test
  void what_was_blocked_goes_on_when_the_connector_no_longer_orders() {
    append("a1", "a");
    append("a2", "a");
    Claim first = claim().get(0);
    append("a3", "a");
    assertThat(keys(store.claim(SLACK, ALL, 10, T0).claims())).containsExactly("a3");
    store.settle(T0, done(first));
    assertThat(keys(store.claim(SLACK, ALL, 10, T0).claims())).containsExactly("a2");
  }

  @Test
  void many_events_of_few_subjects_are_delivered_in_order() {
    store.append("e", 600, key -> event("acme", key, "t", "s" + key.hashCode() % 7));
    List<Claim> delivered = new ArrayList<>();
    Turn turn;
    do {
      turn = store.claim(SLACK, ORDERED, 10, T0);
      List<Claim> claims = turn.claims();
      assertThat(claims).extracting(claim -> claim.event().subject()).doesNotHaveDuplicates();
      delivered.addAll(claims);
      store.settle(
          T0, claims.stream().map(Store::done).toArray(convor.relay.store.Settlement[]::new));
    } while (!turn.claims().isEmpty() || turn.more());
    assertThat(delivered).hasSize(600);
    for (String subject : delivered.stream().map(c -> c.event().subject()).distinct().toList()) {
      assertThat(delivered.stream().filter(c -> c.event().subject().equals(subject)))
          .extracting(Claim::eventId)
          .isSorted();
    }
  }
}
