package convor.relay.store;

import com.zaxxer.hikari.HikariConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.RandomAccessStore;
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
   * Milliseconds, 24 days: H2's background writer never runs, and a commit is not written by
   * itself, as it would be with 0.
   */
  private static final int WRITE_DELAY = Integer.MAX_VALUE;

  /**
   * Without a background writer H2 has no threads that write for others, either: whoever commits or
   * flushes writes. A flush would not wait for all that those have in hand, and for each step of a
   * flush there would be a hand-over.
   */
  private static final int WITHOUT_THREADS = -1;

  /** As much of the file is kept used, and as much of what is used is needed; but for a little. */
  private static final int LIVE_PERCENT = 75;

  /** Read and written in one step of compacting, while everything else waits. */
  private static final int COMPACT_BYTES = 1 << 20;

  static {
    InlineFile.register();
  }

  /** Fair: a flush lets those go first who are about to commit, and so serves them too. */
  private final ReentrantLock inside = new ReentrantLock(true);

  private final ReentrantLock flushing = new ReentrantLock();
  private volatile long flushesStarted;
  private volatile long flushesDone;

  /** Guarded by {@link #inside}. */
  private final KeyBook keys = new KeyBook(this, KeyBook.Sizes.DEFAULT);

  /** Why H2 is thrown away, and since when; guarded by {@link #inside}. */
  private @Nullable SQLException broken;

  private long brokenSince;

  /** How often H2 was thrown away: each time what was committed and not flushed was lost. */
  private final AtomicInteger thrownAway = new AtomicInteger();

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
   * An H2 URL with what the guarantees need. {@link InlineFile}: a thread's interrupt closes the
   * file of a {@code file:} database for the whole process. No exit hook of H2's own: the relay
   * closes the database itself, last. Space is used again by {@link #compact} only. No trace file:
   * it grows on a full disk and quotes data. And room for all of the relay's statements: H2 keeps
   * the last 8 parsed ones of a connection.
   */
  private static String completeUrl(String url) {
    Matcher file = H2_FILE.matcher(url);
    return (file.matches() ? "jdbc:h2:" + InlineFile.SCHEME + ":" + file.group(1) : url)
        + ";WRITE_DELAY="
        + WRITE_DELAY
        + ";DB_CLOSE_ON_EXIT=FALSE;REUSE_SPACE=FALSE;TRACE_LEVEL_FILE=0;QUERY_CACHE_SIZE=64";
  }

  @Override
  void migrations(FluentConfiguration flyway) {
    flyway
        .dataSource(pool)
        .locations("classpath:convor/relay/store/migrations", "classpath:convor/relay/store/h2");
  }

  @Override
  KnownKeys keys() {
    return keys;
  }

  @Override
  <T> T guarded(Call<T> call) {
    inside.lock();
    boolean done = false;
    try {
      T result = unavailableIfItFails(() -> unlessBroken(call));
      done = true;
      return result;
    } finally {
      keys.ended(done);
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
    thrownAway.incrementAndGet();
    keys.reset();
    pool.getHikariPoolMXBean().softEvictConnections();
  }

  @Override
  int generation() {
    return thrownAway.get();
  }

  @Override
  void flush(int generation) {
    sharedFlush();
    if (generation != thrownAway.get()) {
      throw new StoreUnavailable("the store failed between a commit and its flush", null);
    }
  }

  /** Callers that arrive while a flush runs share the next. */
  private void sharedFlush() {
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
    try (Connection connection = pool.getConnection()) {
      checkpoint(connection);
      return started;
    }
  }

  private static void checkpoint(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try {
        MVStore store = store(connection);
        if (store.getAutoCommitDelay() != WITHOUT_THREADS) { // it was opened, or opened anew
          store.setAutoCommitDelay(WITHOUT_THREADS);
        }
        statement.execute("checkpoint sync");
        connection.commit(); // else the pool rolls back, and H2 forgets what it has parsed
      } catch (SQLException e) {
        shutDown(statement, e); // what it had in hand may be lost: only the file tells
        throw e;
      }
    }
  }

  /**
   * H2 writes pages anew where they change. Its background writer would write what is still needed
   * of what it wrote before anew, too, once the rest is left; it does not run. Nor is space used
   * again but here: a power cut in a flush that overwrites can lose the flushes before it.
   */
  @Override
  public boolean compact() {
    return guarded(
        () -> {
          try (Connection connection = pool.getConnection();
              Statement statement = connection.createStatement()) {
            MVStore store = store(connection);
            long used = store.getFileStore().size() * store.getFileStore().getFillRate() / 100;
            boolean sparse = isWorthIt(used, liveOfUsed(store));
            if (!sparse
                && !isWorthIt(store.getFileStore().size(), store.getFileStore().getFillRate())) {
              return false;
            }
            checkpoint(connection); // what is overwritten now was left by what is on disk
            long before = store.getFileStore().size();
            try {
              store.setReuseSpace(true);
              boolean rewritten = sparse && store.compact(100, COMPACT_BYTES);
              if (!rewritten && store.getFileStore() instanceof RandomAccessStore file) {
                // more at once than is rewritten at once: that moves, too
                file.compactMoveChunks(LIVE_PERCENT, 4 * COMPACT_BYTES, store);
              }
              checkpoint(connection); // if that is lost, the one before is at the end of the file
              store.setReuseSpace(false);
              return rewritten || store.getFileStore().size() < before;
            } catch (MVStoreException e) {
              SQLException failure = new SQLException("compacting: " + e.getMessage(), "90031", e);
              shutDown(statement, failure);
              throw failure;
            }
          }
        });
  }

  /** Percent; of what was written more than H2's {@code RETENTION_TIME}, 45 s, ago. */
  private static int liveOfUsed(MVStore store) {
    Map<String, String> state = new HashMap<>();
    store.populateInfo(state::put);
    return Integer.parseInt(state.getOrDefault("info.CHUNKS_FILL_RATE_RW", "100"));
  }

  private static boolean isWorthIt(long bytes, int percent) {
    return percent < LIVE_PERCENT && bytes / 100 * (100 - percent) > COMPACT_BYTES / 4;
  }

  static MVStore store(Connection connection) throws SQLException {
    return ((SessionLocal) connection.unwrap(JdbcConnection.class).getSession())
        .getDatabase()
        .getStore()
        .getMvStore();
  }

  private static void shutDown(Statement statement, SQLException cause) {
    try {
      statement.execute("shutdown immediately");
    } catch (SQLException e) {
      cause.addSuppressed(e);
    }
  }
}
