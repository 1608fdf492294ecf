package convor.relay.contract;

import static convor.relay.contract.Store.SLACK;
import static convor.relay.contract.Store.T0;
import static convor.relay.contract.Store.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import convor.relay.store.Pair;
import convor.relay.store.Receipt;
import convor.relay.store.StoreSettings;
import convor.relay.store.StoreUnavailable;
import convor.relay.testing.Postgresql;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong with a PostgreSQL, and that the store is well again by itself afterwards. */
class FailingPostgresqlTest {
  private static final Duration SOON = Duration.ofMinutes(1);

  private static Postgresql server;

  private String url;
  private Store store;

  @BeforeAll
  static void start(@TempDir Path folder) {
    server = Postgresql.quick(Postgresql.Version.NEWEST, folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() {
    url = server.emptyDatabase();
    store = new Store(new StoreSettings(url, null, null, 4, 100, 10));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void appendsAgain(String key) {
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(() -> store.append(event(key)) != null && store.count("event") > 0);
  }

  @Test
  void a_database_that_hangs_is_an_error_and_not_a_hang() {
    store.append(event("before"));
    server.freeze();
    try {
      assertThatThrownBy(() -> store.append(event("meanwhile")))
          .hasCauseInstanceOf(StoreUnavailable.class);
      assertThatThrownBy(store.pairs::all).isInstanceOf(StoreUnavailable.class);
    } finally {
      server.thaw();
    }
    appendsAgain("after");
  }

  @Test
  void connections_that_the_server_ends_are_replaced() {
    store.append(event("before"));
    terminateOthers();
    appendsAgain("after");
  }

  private void terminateOthers() {
    Postgresql.execute(
        url,
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
        """);
  }

  /** As after a failover: what was the primary takes connections, and writes nothing. */
  @Test
  void connections_to_a_server_that_has_become_read_only_are_replaced() {
    store.append(event("before"));
    setReadOnly("on");
    terminateOthers(); // the next ones are read-only
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> store.append(event("meanwhile")))
                    .rootCause()
                    .hasMessageContaining("read-only"));
    setReadOnly("off"); // those that are open stay as they are
    appendsAgain("after");
  }

  private void setReadOnly(String value) {
    String database = url.replaceAll(".*/|\\?.*", "");
    Postgresql.execute(
        url.replace("/" + database, "/postgres"), // which is not read-only itself
        "alter database %s set default_transaction_read_only = %s".formatted(database, value));
  }

  @Test
  void the_loser_of_a_deadlock_is_run_again() {
    Pair crm = store.register(new Pair("crm", "acme"));
    store.register(SLACK);
    CyclicBarrier bothHold = new CyclicBarrier(2);
    var one = lockBoth(SLACK, crm, bothHold);
    var other = lockBoth(crm, SLACK, bothHold);
    one.orTimeout(60, TimeUnit.SECONDS).join();
    other.orTimeout(60, TimeUnit.SECONDS).join();
    assertThat(store.query("select seen_at from connector"))
        .containsExactly(List.of(T0.toEpochMilli() + 2), List.of(T0.toEpochMilli() + 2));
  }

  private CompletableFuture<Boolean> lockBoth(Pair first, Pair second, CyclicBarrier bothHold) {
    return CompletableFuture.supplyAsync(
        () ->
            store.database.inTransaction(
                connection -> {
                  touch(connection, first);
                  meetOnce(bothHold);
                  touch(connection, second);
                  return true;
                }),
        task -> new Thread(task).start());
  }

  private static void touch(Connection connection, Pair pair) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "update connector set seen_at = seen_at + 1 where name = '" + pair.connector() + "'");
    }
  }

  private static void meetOnce(CyclicBarrier barrier) {
    try {
      barrier.await(1, TimeUnit.SECONDS); // the second run of the loser meets nobody
    } catch (Exception alone) {
      assertThat(barrier.isBroken()).isTrue();
    }
  }

  @Test
  void a_commit_is_a_flush_and_no_node_waits_for_long_whatever_the_servers_defaults_are() {
    assertThatThrownBy(() -> store.query("select 1/0")).isInstanceOf(StoreUnavailable.class);
    assertThat(Postgresql.column(url, "show synchronous_commit")).containsExactly("off");
    assertThat(
            store.query(
                """
                select current_setting('synchronous_commit'), current_setting('lock_timeout'),
                  current_setting('idle_in_transaction_session_timeout'), current_setting('transaction_isolation')
                """))
        .containsExactly(List.of("on", "5s", "10s", "read committed"));
  }

  @Test
  void a_database_that_cannot_be_opened_is_told_without_the_urls_parameters() {
    String wrong = url.replace("/relay_", "/missing_") + "&password=hidden";
    assertThatThrownBy(() -> new Store(new StoreSettings(wrong, null, null, 4, 10, 10)))
        .isInstanceOf(StoreUnavailable.class)
        .hasMessageContaining("relay.store.url")
        .hasMessageContaining("does not exist")
        .hasMessageNotContaining("hidden");
    assertThat(store.append(event("k"))).isEqualTo(Receipt.STORED);
  }
}
