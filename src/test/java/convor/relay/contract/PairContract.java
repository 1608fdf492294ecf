package convor.relay.contract;

import static convor.relay.contract.Store.ALL;
import static convor.relay.contract.Store.PROBE;
import static convor.relay.contract.Store.SLACK;
import static convor.relay.contract.Store.T0;
import static convor.relay.contract.Store.event;
import static convor.relay.contract.Store.keys;
import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Deliveries.Turn;
import convor.relay.store.Pair;
import convor.relay.store.PairStatus;
import convor.relay.store.PairStatus.State;
import convor.relay.store.Pairs;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where a pair begins, and when it claims nothing. */
abstract class PairContract extends StoreContract {
  PairContract(Databases databases) {
    super(databases);
  }

  @Test
  void a_new_pair_begins_behind_the_newest_event_or_with_the_oldest() {
    Pair earliest = new Pair("reporting", "acme");
    store.append("old", 2, Store::event);
    store.register(SLACK);
    store.pairs.register(earliest, true, "settings-1", T0);
    store.append("new", 1, Store::event);
    assertThat(keys(store.claim(SLACK, ALL, 9, T0).claims())).containsExactly("new1");
    assertThat(keys(store.claim(earliest, ALL, 9, T0).claims()))
        .containsExactly("old1", "old2", "new1");
  }

  @Test
  void a_known_pair_goes_on_where_it_was_however_it_is_registered_again() {
    store.register(SLACK);
    store.append("missed", 2, Store::event);
    reopen();
    store.register(SLACK);
    assertThat(keys(store.claim(1, T0))).containsExactly("missed1");
    store.pairs.register(SLACK, true, "settings-1", T0);
    assertThat(keys(store.claim(1, T0))).containsExactly("missed2");
  }

  @Test
  void a_paused_pair_claims_nothing_and_loses_nothing() {
    store.register(SLACK);
    store.append("e", 3, Store::event);
    store.change(SLACK, status -> status.paused("by ann"));
    assertThat(store.claim(9, T0)).isEmpty();
    assertThat(store.pairs.withWork("slack", T0)).isEmpty();
    reopen();
    assertThat(store.status(SLACK).state()).isEqualTo(State.PAUSED);
    assertThat(store.status(SLACK).reason()).isEqualTo("by ann");
    store.change(SLACK, status -> status.resumed(T0));
    assertThat(store.pairs.withWork("slack", T0)).containsExactly("acme");
    assertThat(store.claim(9, T0)).hasSize(3);
  }

  @Test
  void a_parked_pair_claims_one_probe_at_a_time() {
    store.register(SLACK);
    store.append("e", 3, Store::event);
    store.change(SLACK, status -> status.parked("20 failures", T0.plusSeconds(60), 20));
    assertThat(store.claim(9, T0.plusSeconds(59))).isEmpty();
    Turn probe = store.claim(SLACK, ALL, 9, T0.plusSeconds(60));
    assertThat(probe.claims()).hasSize(1);
    assertThat(probe.more()).isFalse();
    assertThat(store.claim(9, T0.plusSeconds(60))).isEmpty();
    assertThat(store.status(SLACK).waitUntil()).isEqualTo(T0.plusSeconds(60).plus(PROBE));
    assertThat(store.status(SLACK).reason()).isEqualTo("20 failures");
  }

  @Test
  void a_parked_pair_without_work_is_probed_as_soon_as_there_is_some() {
    store.register(SLACK);
    store.change(SLACK, status -> status.parked("20 failures", T0, 20));
    assertThat(store.claim(9, T0)).isEmpty();
    store.append(event("e"));
    assertThat(store.pairs.withWork("slack", T0)).containsExactly("acme");
    assertThat(store.claim(9, T0)).hasSize(1);
  }

  @Test
  void a_pair_that_waits_claims_nothing_until_the_wait_is_over() {
    store.register(SLACK);
    store.append("e", 3, Store::event);
    store.change(SLACK, status -> status.waiting("limited: HTTP 429", T0.plusSeconds(30)));
    assertThat(store.claim(9, T0.plusSeconds(29))).isEmpty();
    assertThat(store.pairs.withWork("slack", T0.plusSeconds(29))).isEmpty();
    assertThat(store.pairs.withWork("slack", T0.plusSeconds(30))).containsExactly("acme");
    assertThat(store.claim(9, T0.plusSeconds(30))).hasSize(3);
    assertThat(store.status(SLACK).waitUntil()).isNull();
    assertThat(store.status(SLACK).reason()).isNull();
  }

  @Test
  void one_pairs_state_is_not_anothers() {
    Pair other = store.register(new Pair("slack", "other"));
    Pair crm = store.register(new Pair("crm", "acme"));
    store.register(SLACK);
    store.append(event("ours"));
    store.append(event("other", "theirs", "t", null));
    store.change(SLACK, status -> status.paused("by ann"));
    assertThat(store.claim(9, T0)).isEmpty();
    assertThat(keys(store.claim(other, ALL, 9, T0).claims())).containsExactly("theirs");
    assertThat(keys(store.claim(crm, ALL, 9, T0).claims())).containsExactly("ours");
  }

  @Test
  void a_changed_setting_resumes_a_pair_that_was_refused() {
    store.register(SLACK);
    store.change(SLACK, status -> status.failed(7).paused(Pairs.REFUSED + "HTTP 401"));
    store.pairs.register(SLACK, false, "settings-1", T0.plusSeconds(5));
    assertThat(store.status(SLACK).state()).isEqualTo(State.PAUSED);
    store.pairs.register(SLACK, false, "settings-2", T0.plusSeconds(9));
    PairStatus status = store.status(SLACK);
    assertThat(status.state()).isEqualTo(State.ACTIVE);
    assertThat(status.failures()).isZero();
    assertThat(status.reason()).isNull();
    assertThat(status.activeSince()).isEqualTo(T0.plusSeconds(9));
  }

  @Test
  void a_setting_that_changed_is_new_once() {
    store.register(SLACK);
    store.pairs.register(SLACK, false, "settings-2", T0);
    store.change(SLACK, status -> status.paused(Pairs.REFUSED + "HTTP 401"));
    store.pairs.register(SLACK, false, "settings-2", T0);
    assertThat(store.status(SLACK).state()).isEqualTo(State.PAUSED);
  }

  @Test
  void a_changed_setting_does_not_resume_a_pair_that_a_person_paused() {
    store.register(SLACK);
    store.change(SLACK, status -> status.paused("by ann"));
    store.pairs.register(SLACK, false, "settings-2", T0);
    assertThat(store.status(SLACK).state()).isEqualTo(State.PAUSED);
  }

  @Test
  void the_pairs_with_work_are_those_with_new_events_or_due_deliveries() {
    store.register(SLACK);
    store.register(new Pair("slack", "idle"));
    store.register(new Pair("crm", "acme"));
    assertThat(store.pairs.withWork("slack", T0)).isEmpty();
    store.append(event("e"));
    assertThat(store.pairs.withWork("slack", T0)).containsExactly("acme");
    var claim = store.claim(9, T0).get(0);
    assertThat(store.pairs.withWork("slack", T0)).isEmpty();
    store.settle(T0, Store.waiting(claim, T0.plusSeconds(5)));
    assertThat(store.pairs.withWork("slack", T0.plusSeconds(4))).isEmpty();
    assertThat(store.pairs.withWork("slack", T0.plusSeconds(5))).containsExactly("acme");
  }

  @Test
  void all_pairs_are_listed_in_order() {
    store.register(SLACK);
    store.register(new Pair("crm", "other"));
    store.register(new Pair("crm", "acme"));
    assertThat(List.copyOf(store.pairs.all().keySet()))
        .containsExactly(new Pair("crm", "acme"), new Pair("crm", "other"), SLACK);
  }
}
