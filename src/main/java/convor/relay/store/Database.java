package convor.relay.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.security.cert.CertificateException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database: connections, the schema, transactions, and the flush that makes a commit survive a
 * power loss. What differs between {@link H2Database} and {@link PostgresqlDatabase} is in those.
 */
public abstract class Database implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Database.class);
  private static final long CONNECT_TIMEOUT_MS = 5_000;

  final HikariDataSource pool;

  /**
   * Connects.
   *
   * @throws RuntimeException if it cannot
   */
  Database(HikariConfig config) {
    this.pool = new HikariDataSource(config);
  }

  /**
   * Opens the database and brings its schema up to date.
   *
   * @throws StoreUnavailable if it cannot be opened, with a message for the operator
   */
  public static Database open(StoreSettings settings) {
    Database database = null;
    try {
      database =
          H2Database.isUrl(settings.url())
              ? new H2Database(settings)
              : new PostgresqlDatabase(settings);
      FluentConfiguration migrations = Flyway.configure().loggers("slf4j");
      database.migrations(migrations);
      migrations.load().migrate();
      KnownKeys keys = database.keys();
      var unused = database.inTransaction(connection -> keys.known(connection, List.of())); // ready
      database.flush();
      return database;
    } catch (RuntimeException e) {
      if (database != null) {
        database.pool.close();
      }
      throw new StoreUnavailable(
          "relay.store.url: cannot open "
              + withoutParameters(settings.url())
              + ": "
              + rootMessage(e),
          e);
    }
  }

  /** What the pools of both databases have in common. */
  static HikariConfig config(StoreSettings settings) {
    HikariConfig config = new HikariConfig();
    config.setMaximumPoolSize(settings.poolSize());
    config.setConnectionTimeout(CONNECT_TIMEOUT_MS);
    config.setAutoCommit(false);
    config.setPoolName("store");
    return config;
  }

  /** Says where the migrations are, and through which connections they are run. */
  abstract void migrations(FluentConfiguration flyway);

  /** The keys of what is stored. */
  abstract KnownKeys keys();

  @FunctionalInterface
  public interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  /**
   * Runs {@code work} in a transaction of its own and commits it, or rolls it back. It may be run
   * again from its beginning where another node got in its way.
   *
   * @throws StoreUnavailable on any SQL error
   */
  public <T> T inTransaction(Work<T> work) {
    return guarded(() -> commitOrRollBack(work));
  }

  /**
   * As {@link #inTransaction}, for reading with several queries: all see the database as it is at
   * one moment.
   */
  <T> T atOneMoment(Work<T> work) {
    return inTransaction(work);
  }

  /**
   * As {@link #inTransaction}, for work that adds events of these organizations to the log: one at
   * a time, whichever node does it, so that ids rise in the order of commit.
   */
  <T> T appending(Set<String> orgs, Work<T> work) {
    return inTransaction(work);
  }

  /**
   * As {@link #inTransaction}, for work that makes pairs, and for pruning, which asks all pairs
   * what they still need: one at a time, whichever node does it. A pair that came in the middle
   * would claim what is just being removed.
   */
  <T> T withPairsAsTheyAre(Work<T> work) {
    return inTransaction(work);
  }

  /** In SQL: whether the organization of the connector {@code c} has events behind its position. */
  String eventsBehind() {
    return "exists (select 1 from event e where e.org = c.org and e.id > c.position)";
  }

  /** Whether other processes may be using the database now. */
  boolean isShared() {
    return false;
  }

  /**
   * From now on {@code listener} is told for which organizations other nodes have appended.
   *
   * @return ends it
   */
  public AutoCloseable onAppendedElsewhere(Consumer<Set<String>> listener) {
    return () -> {};
  }

  @FunctionalInterface
  interface Call<T> {
    T call() throws SQLException;
  }

  /** Runs a whole transaction; turns what it throws into {@link StoreUnavailable}. */
  abstract <T> T guarded(Call<T> call);

  private <T> T commitOrRollBack(Work<T> work) throws SQLException {
    try (Connection connection = pool.getConnection()) {
      try {
        T result = work.with(connection);
        connection.commit();
        return result;
      } catch (SQLException | RuntimeException | Error e) {
        rollback(connection, e);
        throw e;
      }
    }
  }

  static <T> T unavailableIfItFails(Call<T> call) {
    try {
      return call.call();
    } catch (SQLException e) {
      throw new StoreUnavailable("the store failed: " + describe(e), e);
    }
  }

  /** A driver's message about the data quotes the data: it is not for the log. */
  private static String describe(SQLException e) {
    return StoreUnavailable.isAboutTheData(e) ? "SQLState " + e.getSQLState() : rootMessage(e);
  }

  private static void rollback(Connection connection, Throwable cause) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** Another one after the store was opened anew: what was not flushed before that is lost. */
  int generation() {
    return 0;
  }

  /**
   * Returns when everything committed before the call is on disk.
   *
   * @param generation before the first of the transactions that are to be on disk
   * @throws StoreUnavailable if the disk did not take it, or if it was lost already
   */
  abstract void flush(int generation);

  /**
   * Runs {@code work}, and returns when its transactions are on disk.
   *
   * @throws StoreUnavailable if it does, or as {@link #flush()}
   */
  <T> T flushed(Supplier<T> work) {
    int generation = generation();
    T result = work.get();
    flush(generation);
    return result;
  }

  /**
   * Returns when everything committed since the store was opened is on disk.
   *
   * @throws StoreUnavailable if the disk did not take it
   */
  public final void flush() {
    flush(generation());
  }

  /**
   * One small step of giving back the space of what was removed or overwritten, where the database
   * does not do that by itself.
   *
   * @return whether there is more to give back now
   */
  public boolean compact() {
    return false;
  }

  /** A URL's parameters may hold a password. */
  private static String withoutParameters(String url) {
    return url.split("[;?]", 2)[0];
  }

  static String rootMessage(Throwable e) {
    Throwable root = e;
    String about = "";
    while (root.getCause() != null) {
      root = root.getCause();
      if (root
          instanceof CertificateException) { // its root may only say "Signature does not match"
        about = "the server's certificate is not signed by one of sslrootcert: ";
      }
    }
    return about + String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }

  @Override
  public void close() {
    try {
      flush();
    } catch (StoreUnavailable e) {
      log.warn("the store could not be flushed on closing: {}", e.getMessage());
    }
    pool.close();
  }
}
