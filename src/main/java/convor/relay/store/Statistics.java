package convor.relay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has PostgreSQL analyze tables that have become much larger. It keeps the plan of a prepared
 * statement until a table of it is analyzed, and does that by itself within a minute: for so long a
 * plan that was made for an empty table goes on reading all of it, or by an index that tells little
 * apart. A plan for each run would cost half as much again, and be no better without statistics.
 */
final class Statistics implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Statistics.class);
  private static final long PAUSE_MS = 1_000;

  /** Those that have more than doubled: one of a gigabyte has been analyzed a dozen times. */
  private static final String GROWN =
      """
      select relname from pg_class
      where oid in (to_regclass('event'), to_regclass('delivery'), to_regclass('pruned_key'),
        to_regclass('covered'), to_regclass('newest_version'))
      and pg_has_role(relowner, 'USAGE')
      and pg_relation_size(oid) > current_setting('block_size')::bigint * (2 * relpages + 32)
      """;

  private final Database.Call<Connection> connect;
  private final AtomicBoolean planned = new AtomicBoolean();
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, Statistics::daemon, new ThreadPoolExecutor.DiscardPolicy()); // it is closed

  Statistics(Database.Call<Connection> connect) {
    this.connect = connect;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  private static Thread daemon(Runnable look) {
    Thread thread = new Thread(look, "statistics");
    thread.setDaemon(true);
    return thread;
  }

  /** There was a transaction: it looks soon. Without any nothing grows, and nobody looks. */
  void used() {
    if (!planned.get() && planned.compareAndSet(false, true)) {
      var unused = thread.schedule(this::look, PAUSE_MS, TimeUnit.MILLISECONDS);
    }
  }

  private void look() {
    planned.set(false);
    try (Connection connection = connect.call();
        Statement statement = connection.createStatement()) {
      List<String> grown = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery(GROWN)) {
        while (rows.next()) {
          grown.add(rows.getString(1));
        }
      }
      if (!grown.isEmpty()) { // but where another node is just doing it
        statement.execute("analyze (skip_locked) " + String.join(", ", grown));
      }
      connection.commit();
    } catch (SQLException e) { // whoever else needs the database tells of it
      log.debug("what has grown was not analyzed: {}", Database.rootMessage(e));
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
