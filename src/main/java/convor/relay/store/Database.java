package convor.relay.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database: connections, the schema, transactions, and the flush that makes a commit survive a
 * power loss.
 *
 * <p>H2 hands a commit to the operating system; {@link #flush()} syncs all that is committed to the
 * disk. Whoever needs a commit on disk calls it after the commit; one flush serves all who wait for
 * one.
 *
 * <p>H2 does not survive a failed write: it closes itself in the middle of the call, and other
 * threads that are inside it then hang or spin. So one thread at a time is inside H2, and after a
 * failure its connections are thrown away: the next call, at the earliest after a second, opens the
 * file anew.
 */
public final class Database implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Database.class);
  private static final long CONNECT_TIMEOUT_MS = 5_000;
  private static final long REOPEN_PAUSE_NS = 1_000_000_000;

  /** {@code file:} may be left out; {@code mem:}, {@code tcp:} and other file systems stay. */
  private static final Pattern H2_FILE =
      Pattern.compile("jdbc:h2:(?:file:)?((?![a-z]{2,}:).+)", Pattern.CASE_INSENSITIVE);

  private final HikariDataSource pool;
  private final boolean h2;
  private final ReentrantLock insideH2 = new ReentrantLock();
  private final ReentrantLock flushing = new ReentrantLock();
  private volatile long flushesStarted;
  private volatile long flushesDone;

  /** Why H2 is thrown away, and since when; guarded by {@link #insideH2}. */
  private @Nullable SQLException broken;

  private long brokenSince;

  private Database(HikariDataSource pool) {
    this.pool = pool;
    this.h2 = isH2(pool.getJdbcUrl());
  }

  /**
   * Opens the database and brings its schema up to date.
   *
   * @throws StoreUnavailable if it cannot be opened, with a message for the operator
   */
  public static Database open(StoreSettings settings) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(completeUrl(settings.url()));
    config.setUsername(settings.username() == null ? "sa" : settings.username());
    config.setPassword(settings.password() == null ? "" : settings.password());
    config.setMaximumPoolSize(settings.poolSize());
    config.setMinimumIdle(isH2(settings.url()) ? 0 : 1);
    config.setConnectionTimeout(CONNECT_TIMEOUT_MS);
    config.setAutoCommit(false);
    config.setPoolName("store");
    if (isH2(settings.url())) {
      config.setMaxLifetime(0); // the pool's own threads stay out of H2
      config.setIdleTimeout(0);
    }
    HikariDataSource pool = null;
    try {
      pool = new HikariDataSource(config);
      Flyway.configure()
          .dataSource(pool)
          .locations("classpath:convor/relay/store/migrations")
          .loggers("slf4j")
          .load()
          .migrate();
      Database database = new Database(pool);
      database.flush();
      return database;
    } catch (RuntimeException e) {
      if (pool != null) {
        pool.close();
      }
      throw new StoreUnavailable(
          "relay.store.url: cannot open "
              + withoutParameters(settings.url())
              + ": "
              + rootMessage(e),
          e);
    }
  }

  /**
   * An H2 URL with what the guarantees need. {@code async:}: a thread's interrupt closes the file
   * of a {@code file:} database for the whole process. {@code WRITE_DELAY=0}: a commit is written
   * by the thread that commits; H2's background writer can have a commit in hand that a flush does
   * not wait for. No exit hook of H2's own: the relay closes the database itself, last. No trace
   * file: it grows on a full disk and quotes data.
   */
  static String completeUrl(String url) {
    if (!isH2(url)) {
      return url;
    }
    Matcher file = H2_FILE.matcher(url);
    return (file.matches() ? "jdbc:h2:async:" + file.group(1) : url)
        + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0";
  }

  private static boolean isH2(String url) {
    return url.regionMatches(true, 0, "jdbc:h2:", 0, "jdbc:h2:".length());
  }

  @FunctionalInterface
  public interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  /**
   * Runs {@code work} in a transaction of its own and commits it, or rolls it back.
   *
   * @throws StoreUnavailable on any SQL error
   */
  public <T> T inTransaction(Work<T> work) {
    return h2
        ? aloneInH2(() -> commitOrRollBack(work))
        : unavailableIfItFails(() -> commitOrRollBack(work));
  }

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

  @FunctionalInterface
  private interface Call<T> {
    T call() throws SQLException;
  }

  private static <T> T unavailableIfItFails(Call<T> call) {
    try {
      return call.call();
    } catch (SQLException e) {
      throw new StoreUnavailable("the store failed: " + describe(e), e);
    }
  }

  private <T> T aloneInH2(Call<T> call) {
    insideH2.lock();
    try {
      return unavailableIfItFails(() -> unlessBroken(call));
    } finally {
      insideH2.unlock();
    }
  }

  private <T> T unlessBroken(Call<T> call) throws SQLException {
    if (broken != null && System.nanoTime() - brokenSince < REOPEN_PAUSE_NS) {
      throw broken;
    }
    try {
      T result = call.call();
      if (broken != null) {
        broken = null;
        log.info("the store works again");
      }
      return result;
    } catch (SQLException e) {
      if (!leavesH2Well(e)) {
        throwAway(e);
      }
      throw e;
    }
  }

  /** Errors of data, constraints, concurrency and SQL; all others are taken for the disk's. */
  private static boolean leavesH2Well(SQLException e) {
    return e.getSQLState() != null && e.getSQLState().matches("(22|23|40|42|HYT).*");
  }

  private void throwAway(SQLException cause) {
    broken = cause;
    brokenSince = System.nanoTime();
    pool.getHikariPoolMXBean().softEvictConnections();
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

  /**
   * Returns when everything committed before the call is on disk. Callers that arrive while a flush
   * runs share the next.
   *
   * @throws StoreUnavailable if the disk did not take it
   */
  public void flush() {
    if (!h2) {
      return; // a commit is a flush
    }
    long mine =
        flushesStarted + 1; // a flush that has started already may have passed our commit by
    flushing.lock();
    try {
      if (flushesDone >= mine) {
        return;
      }
      long started = flushesStarted + 1;
      flushesStarted = started;
      aloneInH2(this::checkpoint);
      flushesDone = started;
    } finally {
      flushing.unlock();
    }
  }

  private boolean checkpoint() throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      try {
        statement.execute("checkpoint sync");
      } catch (SQLException e) {
        shutDown(statement, e); // what it had in hand may be lost: only the file tells
        throw e;
      }
      connection.commit();
      return true;
    }
  }

  private static void shutDown(Statement statement, SQLException cause) {
    try {
      statement.execute("shutdown immediately");
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }

  /** A URL's parameters may hold a password. */
  private static String withoutParameters(String url) {
    return url.split("[;?]", 2)[0];
  }

  static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
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
