package convor.relay.contract;

import static convor.relay.contract.Store.ALL;
import static convor.relay.contract.Store.LEASE;
import static convor.relay.contract.Store.ORDERED;
import static convor.relay.contract.Store.PROBE;
import static convor.relay.contract.Store.SLACK;
import static convor.relay.contract.Store.T0;
import static convor.relay.contract.Store.done;
import static convor.relay.contract.Store.event;
import static convor.relay.contract.Store.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Deliveries.Turn;
import convor.relay.store.Event;
import convor.relay.store.Pair;
import convor.relay.store.Pruning;
import convor.relay.store.Rate;
import convor.relay.store.Receipt;
import convor.relay.store.Selection;
import convor.relay.store.Settlement;
import convor.relay.testing.Postgresql;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes on one database behave as one. */
abstract class NodesContract extends StoreContract {
  private Store other;

  NodesContract(Databases databases) {
    super(databases);
  }

  @BeforeEach
  void openOther() {
    other = new Store(settings);
    store.register(SLACK);
    other.register(SLACK);
  }

  @AfterEach
  void closeOther() {
    other.close();
  }

  /** The same on both nodes, as much at the same time as it gets. */
  private void atOnce(java.util.function.Consumer<Store> act) {
    CyclicBarrier start = new CyclicBarrier(2);
    List<CompletableFuture<Void>> both = new ArrayList<>();
    for (Store node : List.of(store, other)) {
      both.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  start.await();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
                act.accept(node);
              },
              task -> new Thread(task).start()));
    }
    both.forEach(one -> one.orTimeout(60, TimeUnit.SECONDS).join());
  }

  @Test
  void a_copy_that_another_node_has_stored_is_a_duplicate() {
    Map<Receipt, Integer> receipts = new ConcurrentHashMap<>();
    atOnce(
        node -> {
          for (int i = 0; i < 200; i++) {
            receipts.merge(node.append(event("k" + i)), 1, Integer::sum);
          }
        });
    assertThat(receipts)
        .containsOnly(Map.entry(Receipt.STORED, 200), Map.entry(Receipt.DUPLICATE, 200));
    assertThat(store.count("event")).isEqualTo(200);
  }

  @Test
  void each_delivery_is_claimed_by_one_node_and_none_is_missed_while_both_append() {
    Set<String> claimed = ConcurrentHashMap.newKeySet();
    List<String> twice = new ArrayList<>();
    atOnce(
        node -> {
          String prefix = node == store ? "a" : "b";
          Thread sender = new Thread(() -> node.append(prefix, 1_000, Store::event));
          sender.start();
          Turn turn;
          do {
            turn = node.claim(SLACK, ALL, 7, T0);
            for (Claim claim : turn.claims()) {
              if (!claimed.add(claim.event().key())) {
                twice.add(claim.event().key());
              }
            }
          } while (turn.more() || sender.isAlive());
        });
    Turn rest = store.claim(SLACK, ALL, 10_000, T0);
    assertThat(twice).isEmpty();
    assertThat(claimed.size() + rest.claims().size()).isEqualTo(2_000);
  }

  @Test
  void a_pair_that_another_node_holds_is_passed_over_and_its_results_stay_with_their_node() {
    store.append("e", 2, Store::event);
    Claim claim = store.claim(1, T0).get(0);
    CompletableFuture<Void> held = new CompletableFuture<>();
    CompletableFuture<Void> release = new CompletableFuture<>();
    CompletableFuture<Turn> holder =
        CompletableFuture.supplyAsync(
            () ->
                other.deliveries.turn(
                    SLACK,
                    ALL,
                    status -> {
                      held.complete(null);
                      release.join();
                      return new Decision(status, List.of());
                    },
                    1,
                    T0));
    held.join();
    Turn passedOver = store.settle(T0, done(claim));
    release.complete(null);
    assertThat(passedOver.busy()).isTrue();
    assertThat(passedOver.settled()).isEmpty();
    assertThat(keys(holder.join().claims())).containsExactly("e2");
    assertThat(store.settle(T0, done(claim)).fenced()).isEmpty();
  }

  @Test
  void a_node_that_starts_leaves_the_others_leases_alone() {
    store.append(event("e"));
    Claim claim = store.claim(1, T0).get(0);
    try (Store third = new Store(settings)) {
      assertThat(third.deliveries.expireLeases()).isZero();
      assertThat(third.claim(1, T0.plus(LEASE).minusMillis(1))).isEmpty();
    }
    assertThat(store.settle(T0, done(claim)).fenced()).isEmpty();
  }

  @Test
  void a_lease_that_expired_is_taken_over_and_the_node_that_slept_settles_nothing() {
    store.append(event("e"));
    Claim slept = store.claim(1, T0).get(0);
    Claim taken = other.claim(1, T0.plus(LEASE)).get(0);
    assertThat(taken.outcomeUnknown()).isTrue();
    assertThat(taken.attempt()).isEqualTo(2);
    assertThat(store.settle(T0.plus(LEASE), done(slept)).fenced()).hasSize(1);
    assertThat(other.settle(T0.plus(LEASE), done(taken)).fenced()).isEmpty();
    assertThat(store.query("select state, attempt from delivery"))
        .containsExactly(List.of("done", 2));
  }

  @Test
  void a_subjects_order_is_kept_over_the_nodes() {
    for (String key : List.of("a1", "a2", "a3")) {
      store.append(event("acme", key, "t", "a"));
    }
    Claim first = store.claim(SLACK, ORDERED, 9, T0).claims().get(0);
    assertThat(other.claim(SLACK, ORDERED, 9, T0).claims()).isEmpty();
    store.settle(T0, done(first));
    Claim second = other.claim(SLACK, ORDERED, 9, T0).claims().get(0);
    assertThat(second.event().key()).isEqualTo("a2");
    assertThat(store.claim(SLACK, ORDERED, 9, T0).claims()).isEmpty();
    other.settle(T0, done(second));
    assertThat(keys(store.claim(SLACK, ORDERED, 9, T0).claims())).containsExactly("a3");
  }

  @Test
  void a_rate_is_that_of_all_nodes_together() {
    Selection tenPerSecond = new Selection(t -> true, false, Rate.parse("10/s"), LEASE, LEASE);
    store.append("e", 30, Store::event);
    assertThat(store.claim(SLACK, tenPerSecond, 6, T0).claims()).hasSize(6);
    assertThat(other.claim(SLACK, tenPerSecond, 6, T0).claims()).hasSize(4);
    assertThat(other.claim(SLACK, tenPerSecond, 6, T0.plusMillis(99)).claims()).isEmpty();
    assertThat(store.claim(SLACK, tenPerSecond, 6, T0.plusMillis(100)).claims()).hasSize(1);
  }

  @Test
  void a_parked_pair_is_probed_by_one_node_at_a_time() {
    store.append("e", 3, Store::event);
    other.change(SLACK, status -> status.parked("20 failures", T0, 20));
    assertThat(store.claim(9, T0)).hasSize(1);
    assertThat(other.claim(9, T0.plus(PROBE).minusMillis(1))).isEmpty();
    assertThat(other.claim(9, T0.plus(PROBE))).hasSize(1);
  }

  @Test
  void a_new_pair_is_registered_by_all_nodes_at_once() {
    for (int i = 0; i < 20; i++) {
      Pair pair = new Pair("new" + i, "acme");
      atOnce(node -> node.register(pair));
      assertThat(store.status(pair).position()).isZero();
    }
  }

  @Test
  void the_newest_version_stays_whichever_node_writes_last() {
    int versions = 60;
    atOnce(
        node ->
            IntStream.rangeClosed(1, versions)
                .filter(version -> version % 2 == (node == store ? 0 : 1))
                .forEach(version -> node.deliveries.rememberVersion(claim(version), T0)));
    assertThat(other.deliveries.newerVersion(claim(1))).contains("" + versions);
  }

  private static Claim claim(int version) {
    Event event =
        new Event("acme", "s", "k", "t", "visitor/v_1", "" + version, T0, Map.of(), new byte[0]);
    return new Claim(SLACK, 1, event, 1, 1, false, T0);
  }

  @Test
  void nodes_that_prune_at_once_remove_each_event_once_while_deliveries_go_on() {
    store.append("e", 1_500, Store::event);
    Set<Integer> removed = ConcurrentHashMap.newKeySet();
    atOnce(
        node -> {
          Pruning pruning = new Pruning(node.database);
          for (int i = 0; i < 60; i++) {
            Turn turn = node.claim(SLACK, ALL, 20, T0);
            Settlement[] done = turn.claims().stream().map(Store::done).toArray(Settlement[]::new);
            while (node.settle(T0, done).busy()) {
              Thread.onSpinWait(); // the other node's turn
            }
            removed.add(pruning.step(-1, T0.plusMillis(1), T0).events());
          }
        });
    Pruning pruning = new Pruning(store.database);
    long at = -1;
    for (var step = pruning.step(at, T0.plusMillis(1), T0);
        step.lastId() != at;
        step = pruning.step(at, T0.plusMillis(1), T0)) {
      at = step.lastId();
    }
    assertThat(store.count("pruned_key") + store.count("event")).isEqualTo(1_500);
    assertThat(store.query("select 1 from delivery where event_id not in (select id from event)"))
        .isEmpty();
    assertThat(removed).anyMatch(events -> events > 0);
  }

  /** The deletion of the event is held open, when its deliveries are removed already. */
  @Test
  void a_pair_that_comes_while_an_event_is_pruned_does_not_claim_it() throws Exception {
    Pair late = new Pair("late", "acme");
    store.append(event("old"));
    store.settle(T0, store.claim(1, T0).stream().map(Store::done).toArray(Settlement[]::new));
    Postgresql.execute(
        settings.url(),
        """
        create function hold() returns trigger language plpgsql set lock_timeout = 0 as
          'begin perform pg_advisory_xact_lock_shared(1); return old; end';
        create trigger hold before delete on event for each row execute function hold()
        """);
    CompletableFuture<Integer> pruned;
    CompletableFuture<Turn> claimed;
    try (Store third = new Store(settings);
        Connection gate = DriverManager.getConnection(settings.url())) {
      gate.createStatement().execute("select pg_advisory_lock(1)");
      pruned =
          CompletableFuture.supplyAsync(
              () -> new Pruning(store.database).step(-1, T0.plusMillis(1), T0).events());
      await().until(() -> waiting() == 1);
      claimed =
          CompletableFuture.supplyAsync(
              () -> {
                third.pairs.register(late, true, "", T0);
                return third.claim(late, ALL, 1, T0);
              });
      await().until(() -> waiting() == 2 || claimed.isDone());
      gate.createStatement().execute("select pg_advisory_unlock(1)");
      assertThat(pruned.orTimeout(60, TimeUnit.SECONDS).join()).isEqualTo(1);
      assertThat(claimed.orTimeout(60, TimeUnit.SECONDS).join().claims()).isEmpty();
    }
    assertThat(store.query("select 1 from delivery where event_id not in (select id from event)"))
        .isEmpty();
  }

  /** How many transactions wait for a lock that has a number. */
  private int waiting() {
    return Integer.parseInt(
        Postgresql.column(
                settings.url(),
                """
                select count(*) from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.locktype = 'advisory' and not l.granted
                """)
            .get(0));
  }

  @Test
  void another_nodes_append_is_heard_of() throws Exception {
    Set<String> heard = ConcurrentHashMap.newKeySet();
    try (AutoCloseable listening = other.database.onAppendedElsewhere(heard::addAll)) {
      await()
          .until(
              () -> {
                store.append(event("globex", "k" + System.nanoTime(), "t", null));
                return heard.contains("globex");
              });
      other.append(event("own", "k", "t", null));
      store.append(event("last", "k", "t", null));
      await().until(() -> heard.contains("last"));
      assertThat(listening).isNotNull();
      assertThat(heard).doesNotContain("own");
    }
  }
}
