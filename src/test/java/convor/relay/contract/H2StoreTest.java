package convor.relay.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convor.relay.store.Receipt;
import convor.relay.store.StoreSettings;
import convor.relay.store.StoreUnavailable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
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
    Path file = Path.of(settings.url().substring("jdbc:h2:file:".length()) + ".mv.db");
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
    Path file = Path.of(settings.url().substring("jdbc:h2:file:".length()) + ".mv.db");
    try (Store store = new Store(settings)) {
      store.register(Store.SLACK);
      store.append(Store.event("k"));
      var claim = store.claim(1, Store.T0).get(0);
      assertThat(stateIn(file)).isEqualTo("running");
      store.settle(Store.T0, Store.done(claim));
      assertThat(stateIn(file)).isEqualTo("done");
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
}
