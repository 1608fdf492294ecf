package convor.relay.store;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * H2, embedded, for one node.
 *
 * <p>H2 keeps a commit in memory; {@link #flush()} writes all that is committed and syncs it to the
 * disk. Whoever needs a commit on disk calls it after the commit; one flush serves all who wait for
 * one.
 *
 * <p>H2 does not survive a failed write: it closes itself in the middle of the call, and other
 * threads that are inside it then hang or spin. So one thread at a time is inside H2, and after a
 * failure its connections are thrown away: the next call, at the earliest after a second, opens the
 * file anew.
 */
final class H2Database extends Database {
  private static final Logger log = LoggerFactory.getLogger(H2Database.class);
  private static final long REOPEN_PAUSE_NS = 1_000_000_000;

  /** {@code file:} may be left out; {@code mem:}, {@code tcp:} and other file systems stay. */
  private static final Pattern H2_FILE =
      Pattern.compile("jdbc:h2:(?:file:)?((?![a-z]{2,}:).+)", Pattern.CASE_INSENSITIVE);

  /**
   * Milliseconds, 24 days: H2's background writer never runs. A flush does not wait for what that
   * has in hand.
   */
  private static final int WRITE_DELAY = Integer.MAX_VALUE;

  /**
   * A checkpoint that finds something to write waits for what is being written before it; one that
   * finds nothing may sync too early.
   */
  private static final String SOMETHING_TO_WRITE = "update flush set number = number + 1";

  /** Fair: a flush lets those go first who are about to commit, and so serves them too. */
  private final ReentrantLock inside = new ReentrantLock(true);

  private final ReentrantLock flushing = new ReentrantLock();
  private volatile long flushesStarted;
  private volatile long flushesDone;

  /** Why H2 is thrown away, and since when; guarded by {@link #inside}. */
  private @Nullable SQLException broken;

  private long brokenSince;

  H2Database(StoreSettings settings) {
    super(pool(settings));
  }

  static boolean isUrl(String url) {
    return url.regionMatches(true, 0, "jdbc:h2:", 0, "jdbc:h2:".length());
  }

  private static HikariConfig pool(StoreSettings settings) {
    HikariConfig config = config(settings);
    config.setJdbcUrl(completeUrl(settings.url()));
    config.setUsername(settings.username() == null ? "sa" : settings.username());
    config.setPassword(settings.password() == null ? "" : settings.password());
    config.setMinimumIdle(0);
    config.setMaxLifetime(0); // the pool's own threads stay out of H2
    config.setIdleTimeout(0);
    return config;
  }

  /**
   * An H2 URL with what the guarantees need. {@code async:}: a thread's interrupt closes the file
   * of a {@code file:} database for the whole process. No exit hook of H2's own: the relay closes
   * the database itself, last. No trace file: it grows on a full disk and quotes data. And room for
   * all of the relay's statements: H2 keeps the last 8 parsed ones of a connection.
   */
  private static String completeUrl(String url) {
    Matcher file = H2_FILE.matcher(url);
    return (file.matches() ? "jdbc:h2:async:" + file.group(1) : url)
        + ";WRITE_DELAY="
        + WRITE_DELAY
        + ";DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;QUERY_CACHE_SIZE=64";
  }

  @Override
  void migrations(FluentConfiguration flyway) {
    flyway
        .dataSource(pool)
        .locations("classpath:convor/relay/store/migrations", "classpath:convor/relay/store/h2");
  }

  @Override
  <T> T guarded(Call<T> call) {
    inside.lock();
    try {
      return unavailableIfItFails(() -> unlessBroken(call));
    } finally {
      inside.unlock();
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

  /** Callers that arrive while a flush runs share the next. */
  @Override
  public void flush() {
    long mine =
        flushesStarted + 1; // a flush that has started already may have passed our commit by
    flushing.lock();
    try {
      if (flushesDone >= mine) {
        return;
      }
      flushesDone = guarded(this::checkpoint);
    } finally {
      flushing.unlock();
    }
  }

  private long checkpoint() throws SQLException {
    long started = flushesStarted + 1; // whoever commits from here on is not inside before its end
    flushesStarted = started;
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      try {
        statement.execute(SOMETHING_TO_WRITE);
        connection.commit();
        statement.execute("checkpoint sync");
        connection.commit(); // else the pool rolls back, and H2 forgets what it has parsed
      } catch (SQLException e) {
        shutDown(statement, e); // what it had in hand may be lost: only the file tells
        throw e;
      }
      return started;
    }
  }

  private static void shutDown(Statement statement, SQLException cause) {
    try {
      statement.execute("shutdown immediately");
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
