package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Removes old events with their deliveries, a few hundred per transaction, and remembers their
 * keys. An event stays, however old, while a connector still has to deliver it: while it is
 * waiting, running or held.
 */
public final class Pruning {
  private static final int STEP = 200;

  // Not `received_at < ?`: behind the last old event that would read all there is.
  private static final String NEXT =
      "select id, received_at from event where id > ? order by id fetch first ? rows only";

  private static final String NEEDED =
      """
      select e.id from event e where e.id = any(?) and (
        exists (select 1 from delivery d where d.event_id = e.id and d.state in ('waiting', 'running'))
        or exists (select 1 from connector c where c.org = e.org and c.position < e.id and c.seen_at >= ?))
      """;

  private static final String COUNT_DEAD =
      "select count(*) from delivery where event_id = any(?) and state = 'dead'";

  private static final String DELETE_DELIVERIES = "delete from delivery where event_id = any(?)";

  private static final String DELETE_EVENTS = "delete from event where id = any(?)";

  private static final OldRows VERSIONS = new OldRows("newest_version", "written_at");
  private static final OldRows COVERED = new OldRows("covered", "covered_at");

  private final Database database;

  public Pruning(Database database) {
    this.database = database;
  }

  /**
   * What a step did.
   *
   * @param lastId where the next step goes on; the same as before when it found nothing old
   * @param events removed
   * @param dead of their deliveries, how many were dead
   */
  public record Pruned(long lastId, int events, int dead) {}

  /**
   * One step through the log, from the event after {@code afterId} on: removes what was received
   * before {@code before}. Events are received about in the order of their ids; the few that are
   * not are found by a later run.
   *
   * @param forgotten a connector that no node has named since then keeps no event
   */
  public Pruned step(long afterId, Instant before, Instant forgotten) {
    return database.withPairsAsTheyAre(
        connection -> {
          Pairs.lockAll(connection); // what is found to be done stays that, and one node prunes
          List<Long> old = new ArrayList<>();
          long lastId = old(connection, afterId, before, old);
          if (old.isEmpty()) {
            return new Pruned(afterId, 0, 0);
          }
          List<Long> gone = new ArrayList<>(old);
          gone.removeAll(ids(connection, NEEDED, array(connection, old), forgotten.toEpochMilli()));
          int dead = 0;
          if (!gone.isEmpty()) {
            dead = count(connection, gone);
            database.keys().pruned(connection, gone);
            change(connection, DELETE_DELIVERIES, gone);
            change(connection, DELETE_EVENTS, gone);
          }
          return new Pruned(lastId, gone.size(), dead);
        });
  }

  /**
   * Forgets the keys of pruned events that were received before {@code before}: what is sent again
   * then is new. Forgets versions that were written, or told of, before then, too.
   *
   * @param goOn is asked after each step
   */
  public void forgetKeys(Instant before, BooleanSupplier goOn) {
    VERSIONS.forget(database, before, goOn);
    COVERED.forget(database, before, goOn);
    database.keys().forget(before, goOn);
  }

  /** Adds those of the next events that are old; returns the last one's id. */
  private static long old(Connection connection, long afterId, Instant before, List<Long> old)
      throws SQLException {
    long lastId = afterId;
    try (PreparedStatement select = connection.prepareStatement(NEXT)) {
      bind(select, afterId, STEP);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          lastId = rows.getLong(1);
          if (rows.getLong(2) < before.toEpochMilli()) {
            old.add(lastId);
          }
        }
      }
    }
    return lastId;
  }

  private static List<Long> ids(Connection connection, String query, Object... parameters)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(query)) {
      bind(select, parameters);
      List<Long> ids = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          ids.add(rows.getLong(1));
        }
      }
      return ids;
    }
  }

  private static int count(Connection connection, List<Long> ids) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(COUNT_DEAD)) {
      select.setArray(1, array(connection, ids));
      try (ResultSet rows = select.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    }
  }

  /** Runs a statement for these events. */
  static void change(Connection connection, String statement, List<Long> ids) throws SQLException {
    try (PreparedStatement change = connection.prepareStatement(statement)) {
      change.setArray(1, array(connection, ids));
      change.executeUpdate();
    }
  }

  private static java.sql.Array array(Connection connection, List<Long> ids) throws SQLException {
    return connection.createArrayOf("bigint", ids.toArray());
  }
}
