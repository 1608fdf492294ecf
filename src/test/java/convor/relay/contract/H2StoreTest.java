package convor.relay.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convor.relay.store.Claim;
import convor.relay.store.Database;
import convor.relay.store.Deliveries;
import convor.relay.store.Event;
import convor.relay.store.Pruning;
import convor.relay.store.Receipt;
import convor.relay.store.Settlement;
import convor.relay.store.StoreSettings;
import convor.relay.store.StoreUnavailable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store's promises on H2, in a file. */
class H2StoreTest extends StorePromises {
  @TempDir static Path folder;

  @Override
  StoreSettings empty(int appendQueue) {
    String url = "jdbc:h2:file:" + folder.resolve(UUID.randomUUID().toString());
    return new StoreSettings(url, null, null, 10, appendQueue, 256);
  }

  /** What is on disk at that moment is what a killed process leaves. */
  @Test
  void a_receipt_is_given_only_after_the_commit_is_in_the_file() throws Exception {
    StoreSettings settings = empty(10_000);
    Path file = file(settings);
    try (Store store = new Store(settings)) {
      for (int i = 1; i <= 20; i++) {
        store.append(Store.event("k" + i));
        Path copy = folder.resolve(UUID.randomUUID() + ".mv.db");
        Files.copy(file, copy);
        String url = "jdbc:h2:file:" + copy.toString().replace(".mv.db", "");
        try (Connection connection = DriverManager.getConnection(url, "sa", "");
            ResultSet rows =
                connection.createStatement().executeQuery("select count(*) from event")) {
          rows.next();
          assertThat(rows.getInt(1)).isEqualTo(i);
        }
      }
    }
  }

  @Test
  void a_claim_and_its_result_are_in_the_file_when_the_turn_returns() throws Exception {
    StoreSettings settings = empty(10_000);
    Path file = file(settings);
    try (Store store = new Store(settings)) {
      store.register(Store.SLACK);
      store.append(Store.event("k"));
      var claim = store.claim(1, Store.T0).get(0);
      assertThat(stateIn(file)).isEqualTo("running");
      store.settle(Store.T0, Store.done(claim));
      assertThat(stateIn(file)).isEqualTo("done");
    }
  }

  /** Else a flush would have to wait for what they have in hand. */
  @Test
  void no_thread_writes_for_others() {
    StoreSettings settings = empty(10);
    String file = file(settings).toString();
    try (Store store = new Store(settings)) {
      store.append(Store.event("before"));
      assertThatThrownBy(() -> execute(store.database, "shutdown immediately"))
          .isInstanceOf(StoreUnavailable.class);
      untilItWorksAgain(store.database);
      store.append(Store.event("after"));
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .noneMatch(name -> name.contains(file))
          .doesNotContain("H2-serialization", "H2-save");
    }
  }

  /** H2 fails in other hands, and is opened anew. */
  @Test
  void a_turn_that_was_lost_before_its_flush_is_not_taken_for_flushed() {
    try (Store store = new Store(empty(10))) {
      store.register(Store.SLACK);
      store.append(Store.event("k"));
      Deliveries.Turn lost = store.unflushedTurn(1, Store.T0);
      assertThatThrownBy(() -> execute(store.database, "shutdown immediately"))
          .isInstanceOf(StoreUnavailable.class);
      untilItWorksAgain(store.database);
      Deliveries.Turn after = store.unflushedTurn(1, Store.T0);

      assertThat(after.claims()).hasSize(1); // nobody knows of the first one
      assertThatThrownBy(() -> store.deliveries.flush(List.of(lost, after)))
          .isInstanceOf(StoreUnavailable.class);
      store.deliveries.flush(List.of(after));
    }
  }

  private static boolean execute(Database database, String sql) {
    return database.inTransaction(connection -> connection.createStatement().execute(sql));
  }

  private static void untilItWorksAgain(Database database) {
    boolean works = false;
    while (!works) {
      try {
        works = execute(database, "select 1");
      } catch (StoreUnavailable e) {
        Thread.onSpinWait();
      }
    }
  }

  private static String stateIn(Path file) throws Exception {
    Path copy = folder.resolve(UUID.randomUUID() + ".mv.db");
    Files.copy(file, copy);
    String url = "jdbc:h2:file:" + copy.toString().replace(".mv.db", "");
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        ResultSet rows = connection.createStatement().executeQuery("select state from delivery")) {
      rows.next();
      return rows.getString(1);
    }
  }

  /** On {@code file:} an interrupt in the middle of a read or write closes the file for all. */
  @ParameterizedTest
  @ValueSource(strings = {"jdbc:h2:file:", "jdbc:h2:", "JDBC:H2:FILE:"})
  void an_interrupted_thread_does_not_close_the_store(String prefix) throws Exception {
    StoreSettings settings =
        new StoreSettings(prefix + folder.resolve(UUID.randomUUID() + ""), null, null, 10, 10, 10);
    try (Store store = new Store(settings)) {
      for (int i = 0; i < 50; i++) {
        Thread reader = new Thread(() -> store.query("select * from event"));
        reader.start();
        reader.interrupt();
        reader.join();
        assertThat(store.append(Store.event("k" + i))).isEqualTo(Receipt.STORED);
      }
    }
  }

  @Test
  void a_database_that_cannot_be_opened_is_told_without_the_urls_parameters() {
    StoreSettings settings =
        new StoreSettings("jdbc:h2:file:/dev/null/x;PASSWORD=hidden", null, null, 10, 10, 10);
    assertThatThrownBy(() -> new Store(settings))
        .isInstanceOf(StoreUnavailable.class)
        .hasMessageContaining("relay.store.url")
        .hasMessageContaining("/dev/null/x")
        .hasMessageNotContaining("hidden");
  }

  @Test
  void what_ran_when_the_process_ended_is_due_at_once_after_the_start() {
    StoreSettings settings = empty(10_000);
    try (Store store = new Store(settings)) {
      store.register(Store.SLACK);
      store.append("e", 3, Store::event);
      store.settle(Store.T0, Store.done(store.claim(2, Store.T0).get(0)));
    }
    try (Store store = new Store(settings)) {
      assertThat(store.deliveries.expireLeases()).isEqualTo(1);
      assertThat(store.claim(9, Store.T0))
          .extracting(claim -> claim.event().key() + " " + claim.outcomeUnknown())
          .containsExactly("e2 true", "e3 false");
    }
  }

  @Test
  void the_space_of_what_was_pruned_is_used_again() throws Exception {
    StoreSettings settings = spaceIsFreeAtOnce();
    long afterTheFirst = 0;
    try (Store store = new Store(settings)) {
      Pruning pruning = new Pruning(store.database);
      for (int round = 1; round <= 8; round++) {
        store.append("round" + round + "-", 2_000, H2StoreTest::kibibyte);
        if (round == 1) {
          afterTheFirst = Files.size(file(settings));
        }
        while (store.count("event") > 0) {
          pruning.step(-1, Store.T0.plusMillis(1), Store.T0);
        }
        pruning.forgetKeys(Store.T0.plusMillis(1), () -> true);
        compact(store);
        assertThat(Files.size(file(settings))).as("round %d", round).isLessThan(afterTheFirst);
      }
    }
  }

  @Test
  void a_burst_leaves_less_than_three_times_its_bodies() throws Exception {
    StoreSettings settings = spaceIsFreeAtOnce();
    try (Store store = new Store(settings)) {
      store.register(Store.SLACK);
      store.append("e", 5_000, H2StoreTest::kibibyte);
      List<Claim> claims;
      do {
        claims = store.claim(64, Store.T0);
        store.settle(Store.T0, claims.stream().map(Store::done).toArray(Settlement[]::new));
      } while (!claims.isEmpty());
      compact(store);
      assertThat(Files.size(file(settings))).isLessThan(3L * 5_000 * 1_024);
      assertThat(store.count("event")).isEqualTo(5_000);
    }
  }

  private static Event kibibyte(String key) {
    Event event = Store.event(key);
    byte[] body = (key + " ").repeat(1_024).substring(0, 1_024).getBytes(StandardCharsets.UTF_8);
    return new Event(
        event.org(),
        event.source(),
        key,
        event.type(),
        null,
        null,
        event.receivedAt(),
        event.headers(),
        body);
  }

  private StoreSettings spaceIsFreeAtOnce() {
    StoreSettings settings = empty(10_000);
    return new StoreSettings(settings.url() + ";RETENTION_TIME=0", null, null, 10, 10_000, 16);
  }

  private static void compact(Store store) {
    int steps = 0;
    for (int quiet = 0;
        quiet < 3;
        steps++) { // what one step leaves free is free at the next commit
      quiet = store.database.compact() ? 0 : quiet + 1;
      store.database.flush();
      assertThat(steps).as("steps until there is nothing to give back").isLessThan(1_000);
    }
  }

  private static Path file(StoreSettings settings) {
    return Path.of(settings.url().replace("jdbc:h2:file:", "").replaceFirst(";.*", "") + ".mv.db");
  }
}
