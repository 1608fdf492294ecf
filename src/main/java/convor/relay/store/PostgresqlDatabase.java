package convor.relay.store;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL, for one node or several. A commit there is a flush. Whatever keeps a node waiting –
 * the network, the server, another node that stopped in the middle of a transaction – is an error
 * within seconds.
 */
final class PostgresqlDatabase extends Database {
  private static final Logger log = LoggerFactory.getLogger(PostgresqlDatabase.class);

  /** For the driver, unless the URL says otherwise. Seconds. */
  private static final Map<String, String> DRIVER =
      Map.of(
          "connectTimeout", "5",
          "socketTimeout", "10",
          "tcpKeepAlive", "true",
          "hostRecheckSeconds", "2", // a standby is asked again that soon whether it is promoted
          "reWriteBatchedInserts", "true",
          "ApplicationName", "convor-relay");

  /**
   * For each connection. A node that stops in the middle of a transaction does not keep its locks
   * for long, and the others do not wait for them for long. A role or database with {@code
   * synchronous_commit=off} would make acknowledged events of events that a crash loses.
   */
  private static final String SESSION =
      """
      set idle_in_transaction_session_timeout = '10s';
      set lock_timeout = '5s';
      select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'
      """;

  /**
   * The lock is held by the one transaction that appends; its number is ours, whatever it is. The
   * other nodes are told at the commit.
   */
  private static final String LOCK_THE_END_OF_THE_LOG_AND_NOTIFY =
      "select pg_advisory_xact_lock(7065432107) union all select pg_notify('"
          + Wakeups.CHANNEL
          + "', ? || ' ' || org) from unnest(?) org";

  /** Held by the one transaction that makes a pair, or prunes. */
  private static final String LOCK_THE_LIST_OF_PAIRS = "select pg_advisory_xact_lock(7065432108)";

  private static final String ONE_MOMENT = "set transaction isolation level repeatable read";

  /**
   * Another node was in the way: a deadlock (40P01), a conflict (40001), or it has inserted the
   * same row first (23505), which the second run finds.
   */
  private static final Set<String> AGAIN = Set.of("40P01", "40001", "23505");

  private static final int RUNS = 3;

  /** The server became a standby, and a connection to it stays that. */
  private static final String READ_ONLY = "25006";

  private final StoreSettings settings;
  private final KnownKeys keys = new IndexedKeys(this);
  private final String node = UUID.randomUUID().toString();
  private final Statistics statistics = new Statistics(pool::getConnection);

  PostgresqlDatabase(StoreSettings settings) {
    super(pool(settings));
    this.settings = settings;
  }

  private static HikariConfig pool(StoreSettings settings) {
    HikariConfig config = config(settings);
    config.setJdbcUrl(settings.url());
    config.setUsername(settings.username());
    config.setPassword(settings.password());
    config.setMinimumIdle(1);
    config.setValidationTimeout(2_000);
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED"); // a query sees the last commit
    config.setConnectionInitSql(SESSION);
    config.setIsolateInternalQueries(true); // or the first rollback would undo it
    DRIVER.forEach(config::addDataSourceProperty);
    return config;
  }

  /** A migration may take longer than a query may: not through the pool. */
  @Override
  void migrations(FluentConfiguration flyway) {
    flyway
        .dataSource(settings.url(), settings.username(), settings.password())
        .locations(
            "classpath:convor/relay/store/migrations", "classpath:convor/relay/store/postgresql");
  }

  @Override
  KnownKeys keys() {
    return keys;
  }

  @Override
  <T> T guarded(Call<T> call) {
    statistics.used();
    return unavailableIfItFails(() -> runAgain(call));
  }

  private <T> T runAgain(Call<T> call) throws SQLException {
    for (int run = 1; ; run++) {
      try {
        return call.call();
      } catch (SQLException e) {
        if (READ_ONLY.equals(e.getSQLState())) {
          pool.getHikariPoolMXBean().softEvictConnections();
        }
        if (run == RUNS || !AGAIN.contains(String.valueOf(e.getSQLState()))) {
          throw e;
        }
        log.debug("SQLState {}: the transaction is run again", e.getSQLState());
      }
    }
  }

  @Override
  <T> T atOneMoment(Work<T> work) {
    return inTransaction(
        connection -> {
          execute(connection, ONE_MOMENT);
          return work.with(connection);
        });
  }

  @Override
  <T> T appending(Set<String> orgs, Work<T> work) {
    return inTransaction(
        connection -> {
          try (PreparedStatement lock =
              connection.prepareStatement(LOCK_THE_END_OF_THE_LOG_AND_NOTIFY)) {
            lock.setString(1, node);
            lock.setArray(2, connection.createArrayOf("varchar", orgs.toArray()));
            lock.execute();
          }
          return work.with(connection);
        });
  }

  @Override
  <T> T withPairsAsTheyAre(Work<T> work) {
    return inTransaction(
        connection -> {
          execute(connection, LOCK_THE_LIST_OF_PAIRS);
          return work.with(connection);
        });
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.execute();
    }
  }

  /**
   * The next event in the order of {@code event_by_org}, be it another organization's. Of {@code
   * exists} PostgreSQL takes the first match to be near, and reads all events to learn that there
   * is none; by {@code org = … and id > …} it may read those of all others in the order of their
   * ids.
   */
  @Override
  String eventsBehind() {
    return """
        (select e.org from event e where (e.org, e.id) > (c.org, c.position)
         order by e.org, e.id limit 1) = c.org""";
  }

  @Override
  boolean isShared() {
    return true;
  }

  @Override
  public AutoCloseable onAppendedElsewhere(Consumer<Set<String>> listener) {
    return new Wakeups(this::connect, node, listener);
  }

  private Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.putAll(DRIVER);
    if (settings.username() != null) {
      properties.setProperty("user", settings.username());
    }
    if (settings.password() != null) {
      properties.setProperty("password", settings.password());
    }
    return DriverManager.getConnection(settings.url(), properties);
  }

  @Override
  void flush(int generation) {
    // a commit is a flush
  }

  @Override
  public void close() {
    statistics.close();
    super.close();
  }
}
