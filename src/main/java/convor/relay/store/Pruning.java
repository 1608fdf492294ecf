package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes old events with their deliveries, a few hundred per transaction, and remembers their
 * keys. An event stays, however old, while a connector still has to deliver it: while it is
 * waiting, running or held.
 */
public final class Pruning {
  private static final int STEP = 500;

  private static final String OLD =
      "select id from event where id > ? and received_at < ? order by id fetch first ? rows only";

  private static final String NEEDED =
      """
      select e.id from event e where e.id = any(?) and (
        exists (select 1 from delivery d where d.event_id = e.id and d.state in ('waiting', 'running'))
        or exists (select 1 from connector c where c.org = e.org and c.position < e.id and c.seen_at >= ?))
      """;

  private static final String REMEMBER =
      "insert into pruned_key (key_hash, received_at) select key_hash, received_at from event where id = any(?)";

  private static final String COUNT_DEAD =
      "select count(*) from delivery where event_id = any(?) and state = 'dead'";

  private static final String DELETE_DELIVERIES = "delete from delivery where event_id = any(?)";

  private static final String DELETE_EVENTS = "delete from event where id = any(?)";

  private static final String FORGET_KEYS =
      """
      delete from pruned_key where key_hash in
        (select key_hash from pruned_key where received_at < ? order by received_at fetch first ? rows only)
      """;

  private static final String FORGET_VERSIONS = "delete from newest_version where written_at < ?";

  private static final String FORGET_COVERED =
      """
      delete from covered where version_hash in
        (select version_hash from covered where covered_at < ? order by covered_at fetch first ? rows only)
      """;

  private final Database database;

  public Pruning(Database database) {
    this.database = database;
  }

  /**
   * What a step did.
   *
   * @param lastId where the next step goes on; the same as before when nothing old is left
   * @param events removed
   * @param dead of their deliveries, how many were dead
   */
  public record Pruned(long lastId, int events, int dead) {}

  /**
   * One step through the events received before {@code before}, from the one after {@code afterId}
   * on.
   *
   * @param forgotten a connector that no node has named since then keeps no event
   */
  public Pruned step(long afterId, Instant before, Instant forgotten) {
    return database.withPairsAsTheyAre(
        connection -> {
          Pairs.lockAll(connection); // what is found to be done stays that, and one node prunes
          List<Long> old = ids(connection, OLD, afterId, before.toEpochMilli(), STEP);
          if (old.isEmpty()) {
            return new Pruned(afterId, 0, 0);
          }
          List<Long> gone = new ArrayList<>(old);
          gone.removeAll(ids(connection, NEEDED, array(connection, old), forgotten.toEpochMilli()));
          int dead = 0;
          if (!gone.isEmpty()) {
            dead = count(connection, gone);
            change(connection, REMEMBER, gone);
            change(connection, DELETE_DELIVERIES, gone);
            change(connection, DELETE_EVENTS, gone);
          }
          return new Pruned(old.get(old.size() - 1), gone.size(), dead);
        });
  }

  /**
   * Forgets the keys of pruned events that were received before {@code before}: what is sent again
   * then is new. Forgets versions that were written, or told of, before then, too.
   *
   * @return how many keys
   */
  public int forgetKeys(Instant before) {
    delete(FORGET_VERSIONS, before.toEpochMilli());
    var unused = stepwise(FORGET_COVERED, before);
    return stepwise(FORGET_KEYS, before);
  }

  private int stepwise(String statement, Instant before) {
    int all = 0;
    int step;
    do {
      step = delete(statement, before.toEpochMilli(), STEP);
      all += step;
    } while (step == STEP);
    return all;
  }

  private int delete(String statement, Object... parameters) {
    return database.inTransaction(
        connection -> {
          try (PreparedStatement delete = connection.prepareStatement(statement)) {
            bind(delete, parameters);
            return delete.executeUpdate();
          }
        });
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

  private static void change(Connection connection, String statement, List<Long> ids)
      throws SQLException {
    try (PreparedStatement change = connection.prepareStatement(statement)) {
      change.setArray(1, array(connection, ids));
      change.executeUpdate();
    }
  }

  private static java.sql.Array array(Connection connection, List<Long> ids) throws SQLException {
    return connection.createArrayOf("bigint", ids.toArray());
  }
}
