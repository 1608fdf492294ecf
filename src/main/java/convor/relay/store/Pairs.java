package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The pairs of connector and organization: their positions in the log and their states. */
public final class Pairs {
  private static final String REGISTER =
      """
      insert into connector
        (name, org, position, state, failures, active_since, rate_at, fingerprint, seen_at)
      select ?, ?, ?, 'active', 0, ?, 0, ?, ?
      where not exists (select 1 from connector where name = ? and org = ?)
      """;

  private static final String FINGERPRINT =
      "select fingerprint, state from connector where name = ? and org = ? for update";

  private static final String SET_FINGERPRINT =
      "update connector set fingerprint = ? where name = ? and org = ?";

  private static final String PAIR =
      """
      select position, state, reason, wait_until, failures, active_since, rate_at
      from connector where name = ? and org = ?
      """;

  private static final String LOCK_PAIR = PAIR + "for update";

  private static final String LOCK_PAIR_IF_FREE = PAIR + "for update skip locked";

  private static final String LOCK_ALL = "select name from connector order by name, org for update";

  private static final String UPDATE_PAIR =
      """
      update connector
      set position = ?, state = ?, reason = ?, wait_until = ?, failures = ?, active_since = ?, rate_at = ?
      where name = ? and org = ?
      """;

  /**
   * With {@link Database#eventsBehind}. In the order of the index and with a limit: of {@code
   * exists} PostgreSQL may think that any row will do.
   */
  static final String WITH_WORK =
      """
      select c.org from connector c
      where c.name = ? and c.state <> 'paused' and (c.wait_until is null or c.wait_until <= ?)
      and (%s
        or (select d.due_at from delivery d where d.connector = c.name and d.org = c.org and d.due_at between 0 and ?
            order by d.connector, d.org, d.due_at limit 1) is not null)
      """;

  private static final String ALL =
      """
      select name, org, position, state, reason, wait_until, failures, active_since, rate_at
      from connector order by name, org
      """;

  private static final String SEEN = "update connector set seen_at = ? where name = ? and org = ?";

  private final Database database;
  private final Set<Pair> registered = ConcurrentHashMap.newKeySet();

  public Pairs(Database database) {
    this.database = database;
  }

  /**
   * Makes the pair known. A new one starts behind the newest event, or with the oldest.
   *
   * @param fingerprint of the settings that its destination depends on; a pair that was paused by a
   *     refusal is resumed when it differs
   */
  public void register(Pair pair, boolean fromEarliest, String fingerprint, Instant now) {
    database.withPairsAsTheyAre(
        connection -> {
          long position = fromEarliest ? 0 : EventLog.lastId(connection);
          try (PreparedStatement insert = connection.prepareStatement(REGISTER)) {
            long at = now.toEpochMilli();
            bind(insert, pair.connector(), pair.org(), position, at, fingerprint, at);
            insert.setString(7, pair.connector());
            insert.setString(8, pair.org());
            insert.executeUpdate();
          }
          if (fingerprintChanged(connection, pair, fingerprint)) {
            PairStatus status = lock(connection, pair);
            if (status.state() == PairStatus.State.PAUSED
                && String.valueOf(status.reason()).startsWith(REFUSED)) {
              update(connection, pair, status.resumed(now));
            }
            try (PreparedStatement set = connection.prepareStatement(SET_FINGERPRINT)) {
              bind(set, fingerprint, pair.connector(), pair.org());
              set.executeUpdate();
            }
          }
          return true;
        });
    registered.add(pair);
    seen(now);
  }

  /**
   * Notes that this process still has the pairs that it registered: their undelivered events are
   * kept.
   */
  public void seen(Instant now) {
    database.inTransaction(
        connection -> {
          try (PreparedStatement update = connection.prepareStatement(SEEN)) {
            for (Pair pair : registered.stream().sorted().toList()) { // the order of LOCK_ALL
              bind(update, now.toEpochMilli(), pair.connector(), pair.org());
              update.addBatch();
            }
            return update.executeBatch();
          }
        });
  }

  /** How the reason of a pause begins that the destination's refusal caused. */
  public static final String REFUSED = "refused: ";

  private static boolean fingerprintChanged(Connection connection, Pair pair, String fingerprint)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FINGERPRINT)) {
      bind(select, pair.connector(), pair.org());
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() && !rows.getString(1).equals(fingerprint);
      }
    }
  }

  /** The organizations that have something for the connector to do now. */
  public List<String> withWork(String connector, Instant now) {
    return database.inTransaction(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(WITH_WORK.formatted(database.eventsBehind()))) {
            bind(select, connector, now.toEpochMilli(), now.toEpochMilli());
            List<String> orgs = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                orgs.add(rows.getString(1));
              }
            }
            return orgs;
          }
        });
  }

  /**
   * Whether this process runs the pair: one of a removed connector or organization is only stored.
   */
  public boolean isRegistered(Pair pair) {
    return registered.contains(pair);
  }

  /** All pairs that any node has ever registered. */
  public Map<Pair, PairStatus> all() {
    return database.inTransaction(Pairs::readAll);
  }

  static Map<Pair, PairStatus> readAll(Connection connection) throws SQLException {
    Map<Pair, PairStatus> all = new LinkedHashMap<>();
    try (PreparedStatement select = connection.prepareStatement(ALL);
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        all.put(new Pair(rows.getString("name"), rows.getString("org")), status(rows));
      }
    }
    return all;
  }

  static PairStatus lock(Connection connection, Pair pair) throws SQLException {
    return registered(pair, find(connection, LOCK_PAIR, pair));
  }

  /** Empty while another transaction holds the pair: nobody waits for another node. */
  static Optional<PairStatus> lockIfFree(Connection connection, Pair pair) throws SQLException {
    return find(connection, LOCK_PAIR_IF_FREE, pair);
  }

  static PairStatus read(Connection connection, Pair pair) throws SQLException {
    return registered(pair, find(connection, PAIR, pair));
  }

  /** Until the transaction ends no delivery of any pair changes its state. */
  static void lockAll(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LOCK_ALL)) {
      select.execute();
    }
  }

  private static Optional<PairStatus> find(Connection connection, String query, Pair pair)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(query)) {
      bind(select, pair.connector(), pair.org());
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(status(rows)) : Optional.empty();
      }
    }
  }

  private static PairStatus registered(Pair pair, Optional<PairStatus> found) throws SQLException {
    return found.orElseThrow(() -> new SQLException("connector " + pair + " is not registered"));
  }

  static PairStatus status(ResultSet row) throws SQLException {
    long waitUntil = row.getLong("wait_until");
    return new PairStatus(
        row.getLong("position"),
        PairStatus.State.of(row.getString("state")),
        row.getString("reason"),
        waitUntil == 0 ? null : Instant.ofEpochMilli(waitUntil),
        row.getInt("failures"),
        Instant.ofEpochMilli(row.getLong("active_since")),
        Instant.ofEpochMilli(row.getLong("rate_at")));
  }

  static void update(Connection connection, Pair pair, PairStatus status) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(UPDATE_PAIR)) {
      bind(
          update,
          status.position(),
          status.state().column(),
          status.reason(),
          status.waitUntil() == null ? null : status.waitUntil().toEpochMilli(),
          status.failures(),
          status.activeSince().toEpochMilli(),
          status.rateAt().toEpochMilli(),
          pair.connector(),
          pair.org());
      update.executeUpdate();
    }
  }
}
