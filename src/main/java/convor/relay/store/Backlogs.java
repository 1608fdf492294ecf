package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Counts what is not done, by pair. Reads open and dead deliveries only, never those done. */
public final class Backlogs {
  /** More pending events than this are not counted. */
  public static final int MAX_COUNTED = 20_000;

  private static final String OPEN =
      """
      select state, count(*), min(event_id) from delivery
      where connector = ? and org = ? and due_at between 0 and ? group by state
      """;

  /** With {@link Database#eventsBehind}. */
  static final String BEHIND = "select c.name, c.org from connector c where %s";

  private static final String PENDING =
      """
      select count(*), min(id) from
        (select id from event where org = ? and id > ? and regexp_replace(type, ?, '') = '' order by org, id limit ?) pending
      """;

  private static final String RECEIVED_AT = "select id, received_at from event where id = any(?)";

  private final Database database;

  public Backlogs(Database database) {
    this.database = database;
  }

  /** As it grows; {@code oldest} is an event's id, or 0. */
  private static final class Counts {
    private long waiting;
    private long running;
    private long dead;
    private long pending;
    private long oldest;

    private void oldest(long eventId) {
      oldest = oldest == 0 ? eventId : Math.min(oldest, eventId);
    }
  }

  /**
   * All pairs that any node has ever registered.
   *
   * @param subscribed the pairs whose connectors take events on this node: of others nothing is
   *     pending
   */
  public List<Backlog> all(Collection<Subscribed> subscribed) {
    return database.atOneMoment(
        connection -> {
          Map<Pair, PairStatus> pairs = Pairs.readAll(connection);
          Map<Pair, Counts> counts = new HashMap<>();
          for (Pair pair : pairs.keySet()) {
            counts.put(pair, open(connection, pair));
          }
          Set<Pair> behind = behind(connection, database);
          for (Subscribed one : subscribed) {
            PairStatus status = pairs.get(one.pair());
            Counts of = counts.get(one.pair());
            if (one.missing() == null
                && status != null
                && of != null
                && behind.contains(one.pair())) {
              pending(connection, one, status.position(), of);
            }
          }
          Map<Long, Instant> times = receivedAt(connection, counts.values());
          List<Backlog> all = new ArrayList<>();
          pairs.forEach((pair, status) -> all.add(backlog(pair, status, counts.get(pair), times)));
          return all;
        });
  }

  private static Backlog backlog(
      Pair pair, PairStatus status, @Nullable Counts counted, Map<Long, Instant> times) {
    Counts counts = counted == null ? new Counts() : counted;
    return new Backlog(
        pair,
        status,
        counts.waiting,
        counts.running,
        counts.dead,
        counts.pending,
        times.get(counts.oldest));
  }

  private static Counts open(Connection connection, Pair pair) throws SQLException {
    Counts counts = new Counts();
    try (PreparedStatement select = connection.prepareStatement(OPEN)) {
      bind(select, pair.connector(), pair.org(), Deliveries.NEVER);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          long count = rows.getLong(2);
          switch (rows.getString(1)) {
            case "waiting" -> counts.waiting = count;
            case "running" -> counts.running = count;
            default -> counts.dead = count;
          }
          if (!rows.getString(1).equals("dead")) {
            counts.oldest(rows.getLong(3));
          }
        }
      }
    }
    return counts;
  }

  private static void pending(Connection connection, Subscribed one, long position, Counts counts)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(PENDING)) {
      bind(select, one.pair().org(), position, one.types(), MAX_COUNTED);
      try (ResultSet rows = select.executeQuery()) {
        rows.next();
        counts.pending = rows.getLong(1);
        if (counts.pending > 0) {
          counts.oldest(rows.getLong(2));
        }
      }
    }
  }

  private static Map<Long, Instant> receivedAt(Connection connection, Collection<Counts> counts)
      throws SQLException {
    Map<Long, Instant> times = new HashMap<>();
    try (PreparedStatement select = connection.prepareStatement(RECEIVED_AT)) {
      Object[] ids = counts.stream().map(of -> of.oldest).filter(id -> id > 0).toArray();
      select.setArray(1, connection.createArrayOf("bigint", ids));
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          times.put(rows.getLong(1), Instant.ofEpochMilli(rows.getLong(2)));
        }
      }
    }
    return times;
  }

  /** The pairs of whose organizations there are events behind their positions, of any type. */
  static Set<Pair> behind(Connection connection, Database database) throws SQLException {
    Set<Pair> behind = new HashSet<>();
    try (PreparedStatement select =
            connection.prepareStatement(BEHIND.formatted(database.eventsBehind()));
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        behind.add(new Pair(rows.getString(1), rows.getString(2)));
      }
    }
    return behind;
  }
}
