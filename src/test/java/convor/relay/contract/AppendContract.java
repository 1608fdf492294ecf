package convor.relay.contract;

import static convor.relay.contract.Store.SLACK;
import static convor.relay.contract.Store.T0;
import static convor.relay.contract.Store.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import convor.relay.store.Claim;
import convor.relay.store.Event;
import convor.relay.store.Receipt;
import convor.relay.store.StoreUnavailable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Appending: once, in order, and acknowledged only when it is committed. */
@SuppressWarnings("try") // Held is held
abstract class AppendContract extends StoreContract {
  AppendContract(Databases databases) {
    super(databases);
  }

  @Test
  void an_event_is_given_back_as_it_was_stored() {
    store.register(SLACK);
    byte[] body = new byte[256];
    for (int i = 0; i < body.length; i++) {
      body[i] = (byte) i;
    }
    Map<String, String> headers = Map.of("content-type", "application/json; x=\"é\"");
    Event sent =
        new Event(
            "acme", "convor", "kéy ☃ 𝄞", "a.type", "conversation/c_1", "v1", T0, headers, body);
    assertThat(store.append(sent)).isEqualTo(Receipt.STORED);

    reopen();
    Event got = store.claim(1, T0).get(0).event();
    assertThat(got).usingRecursiveComparison().isEqualTo(sent);
  }

  @Test
  void what_an_event_may_be_without_may_be_missing() {
    store.register(SLACK);
    Event sent = new Event("acme", "s", "k", "t", null, null, T0, Map.of(), new byte[0]);
    store.append(sent);
    assertThat(store.claim(1, T0).get(0).event()).usingRecursiveComparison().isEqualTo(sent);
  }

  @Test
  void the_longest_event_that_the_verifier_lets_through_is_stored() {
    String name = "n".repeat(64);
    String key = "\"".repeat(255);
    Map<String, String> headers = new java.util.TreeMap<>();
    for (int i = 0; i < 10; i++) {
      headers.put("x-header-" + i, "\"".repeat(500));
    }
    byte[] body = new byte[1 << 20];
    Event longest =
        new Event(name, name, key, "t".repeat(128), key, "v".repeat(128), T0, headers, body);
    assertThat(store.append(longest)).isEqualTo(Receipt.STORED);
  }

  @Test
  void an_event_is_stored_once_however_concurrently_it_is_sent() throws Exception {
    int senders = 50;
    CountDownLatch go = new CountDownLatch(1);
    var receipts = new ConcurrentLinkedQueue<Receipt>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < senders; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  go.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                for (int n = 0; n < 20; n++) {
                  receipts.add(store.append(event("k" + n)));
                }
              });
      thread.start();
      threads.add(thread);
    }
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(receipts).hasSize(senders * 20);
    assertThat(Collections.frequency(receipts, Receipt.STORED)).isEqualTo(20);
    assertThat(store.count("event")).isEqualTo(20);
  }

  @Test
  void an_event_is_the_same_by_organization_source_and_key_only() {
    assertThat(store.append(of("acme", "convor", "k", "one"))).isEqualTo(Receipt.STORED);
    assertThat(store.append(of("acme", "convor", "k", "two"))).isEqualTo(Receipt.DUPLICATE);
    assertThat(store.append(of("other", "convor", "k", "one"))).isEqualTo(Receipt.STORED);
    assertThat(store.append(of("acme", "github", "k", "one"))).isEqualTo(Receipt.STORED);
    assertThat(store.append(of("acme", "convork", "", "one"))).isEqualTo(Receipt.STORED);
    assertThat(store.query("select body from event where org = 'acme' and source = 'convor'"))
        .hasSize(1);
  }

  private static Event of(String org, String source, String key, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return new Event(org, source, key, "t", null, null, T0, Map.of(), bytes);
  }

  @Test
  void a_second_copy_in_the_same_batch_is_a_duplicate() {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    try (Held held = new Held(store.database, settings)) {
      for (String key : List.of("a", "b", "a", "a", "c")) {
        receipts.add(store.events.append(event(key)));
      }
    }
    assertThat(receipts.stream().map(Store::get))
        .containsExactly(
            Receipt.STORED, Receipt.STORED, Receipt.DUPLICATE, Receipt.DUPLICATE, Receipt.STORED);
    assertThat(store.count("event")).isEqualTo(3);
  }

  @Test
  void a_copy_after_a_restart_is_a_duplicate() {
    store.append(event("k"));
    reopen();
    assertThat(store.append(event("k"))).isEqualTo(Receipt.DUPLICATE);
  }

  @Test
  void ids_rise_in_the_order_of_acknowledgement() {
    store.append("a", 300, Store::event);
    store.append("b", 300, Store::event);
    List<Object> keys =
        store.query("select event_key from event order by id").stream()
            .map(row -> row.get(0))
            .toList();
    assertThat(keys.subList(0, 300)).allMatch(key -> key.toString().startsWith("a"));
    assertThat(keys.subList(300, 600)).allMatch(key -> key.toString().startsWith("b"));
  }

  @Test
  void a_receipt_is_given_only_after_the_commit() {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    try (Held held = new Held(store.database, settings)) {
      receipts.add(store.events.append(event("first")));
      await().until(() -> store.events.queued() == 0); // the writer has it
      receipts.add(store.events.append(event("first")));
      receipts.add(store.events.append(event("second")));
      assertThat(receipts).noneMatch(CompletableFuture::isDone);
    }
    assertThat(receipts.stream().map(Store::get))
        .containsExactly(Receipt.STORED, Receipt.DUPLICATE, Receipt.STORED);
  }

  @Test
  void a_listener_hears_of_the_organizations_after_the_commit() {
    Set<String> heard = Collections.synchronizedSet(new HashSet<>());
    List<Long> stored = Collections.synchronizedList(new ArrayList<>());
    store.events.onAppended(
        orgs -> {
          heard.addAll(orgs);
          stored.add(store.count("event"));
        });
    store.append(event("acme", "1", "t", null));
    store.append(event("other", "2", "t", null));
    await().untilAsserted(() -> assertThat(stored).containsExactly(1L, 2L));
    assertThat(heard).containsExactlyInAnyOrder("acme", "other");
  }

  @Test
  void a_listener_that_fails_does_not_end_the_appending() {
    store.events.onAppended(
        orgs -> {
          throw new IllegalStateException("a broken listener");
        });
    assertThat(store.append(event("1"))).isEqualTo(Receipt.STORED);
    assertThat(store.append(event("2"))).isEqualTo(Receipt.STORED);
  }

  @Test
  void one_bad_event_in_a_batch_does_not_fail_its_neighbours() {
    CompletableFuture<Receipt> before;
    CompletableFuture<Receipt> bad;
    CompletableFuture<Receipt> after;
    try (Held held = new Held(store.database, settings)) {
      before = store.events.append(event("before"));
      bad = store.events.append(event("acme", "bad", "t".repeat(129), null));
      after = store.events.append(event("after"));
    }
    assertThat(Store.get(before)).isEqualTo(Receipt.STORED);
    assertThat(Store.get(after)).isEqualTo(Receipt.STORED);
    assertThatThrownBy(() -> Store.get(bad)).hasCauseInstanceOf(StoreUnavailable.class);
    assertThat(store.count("event")).isEqualTo(2);
  }

  @Test
  void beyond_the_queue_an_append_is_refused_at_once() {
    close();
    settings = databases.empty(3);
    store = new Store(settings);
    List<CompletableFuture<Receipt>> taken = new ArrayList<>();
    CompletableFuture<Receipt> refused;
    try (Held held = new Held(store.database, settings)) {
      taken.add(store.events.append(event("0")));
      await().until(() -> store.events.queued() == 0);
      for (int i = 1; i <= 3; i++) {
        taken.add(store.events.append(event("" + i)));
      }
      refused = store.events.append(event("4"));
      assertThat(refused).isCompletedExceptionally();
      assertThat(store.events.queued()).isEqualTo(store.events.capacity()).isEqualTo(3);
    }
    assertThatThrownBy(refused::join)
        .hasCauseInstanceOf(StoreUnavailable.class)
        .hasMessageContaining("relay.append.queue");
    taken.forEach(Store::get);
    assertThat(store.append(event("4"))).isEqualTo(Receipt.STORED);
    assertThat(store.count("event")).isEqualTo(5);
  }

  @Test
  void what_is_queued_at_the_end_is_stored_and_nothing_is_taken_after_it() {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      receipts.add(store.events.append(event("k" + i)));
    }
    store.events.close();
    receipts.forEach(receipt -> assertThat(receipt).isCompletedWithValue(Receipt.STORED));
    assertThat(store.events.append(event("late"))).isCompletedExceptionally();
    assertThat(store.count("event")).isEqualTo(1_000);
  }

  @Test
  void a_claim_sees_the_organizations_own_events_only() {
    store.register(SLACK);
    store.append(event("other", "theirs", "t", null));
    store.append(event("ours"));
    List<Claim> claims = store.claim(10, T0);
    assertThat(Store.keys(claims)).containsExactly("ours");
  }
}
