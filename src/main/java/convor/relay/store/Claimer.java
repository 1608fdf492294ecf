package convor.relay.store;

import static convor.relay.store.Sql.bind;

import convor.relay.store.EventLog.Entry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** One claim's work: the due deliveries first, then the next events of the log. */
final class Claimer {
  private static final int MAX_SCAN = 500;
  // Not `due_at <= ?`: H2 keeps nulls first in an index, and would read all that is done. And in
  // the order of the whole index: else it reads and sorts all that is due.
  private static final String DUE =
      """
      select event_id, state, attempt, outcome_unknown, started_at from delivery
      where connector = ? and org = ? and due_at between 0 and ?
      order by connector, org, due_at limit ?
      """;

  private static final String CLAIM_DUE =
      """
      update delivery set state = 'running', attempt = ?, due_at = ?, lease = ?, outcome_unknown = ?, started_at = ?
      where connector = ? and event_id = ?
      """;

  private static final String INSERT =
      """
      insert into delivery (connector, event_id, org, subject, state, attempt, due_at, lease, outcome_unknown, started_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, false, ?)
      """;

  private static final String OPEN_SUBJECTS =
      """
      select distinct subject from delivery
      where connector = ? and org = ? and subject = any(?) and due_at between 0 and ?
      """;

  private final Connection connection;
  private final Pair pair;
  private final Selection selection;
  private final Instant now;
  private final long leaseUntil;
  private final Map<Long, Claimed> claimed = new LinkedHashMap<>();
  private int scanned;

  private record Claimed(long lease, int attempt, boolean unknown, long startedAt) {}

  Claimer(Connection connection, Pair pair, Selection selection, Instant now) {
    this.connection = connection;
    this.pair = pair;
    this.selection = selection;
    this.now = now;
    this.leaseUntil = now.plus(selection.lease()).toEpochMilli();
  }

  void due(int room) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(DUE);
        PreparedStatement update = connection.prepareStatement(CLAIM_DUE)) {
      bind(select, pair.connector(), pair.org(), now.toEpochMilli(), room);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          boolean wasRunning = rows.getString(2).equals("running");
          int attempt = rows.getInt(3) + 1;
          boolean unknown = rows.getBoolean(4) || wasRunning;
          long startedAt = rows.getLong(5) == 0 ? now.toEpochMilli() : rows.getLong(5);
          Claimed one = new Claimed(newLease(), attempt, unknown, startedAt);
          long eventId = rows.getLong(1);
          bind(update, attempt, leaseUntil, one.lease, unknown, startedAt);
          update.setString(6, pair.connector());
          update.setLong(7, eventId);
          update.addBatch();
          claimed.put(eventId, one);
        }
      }
      if (!claimed.isEmpty()) {
        update.executeBatch();
      }
    }
  }

  /** Returns the position after the last event that was claimed, blocked or passed over. */
  long fresh(long position, int room) throws SQLException {
    long last = position;
    int limit = Math.min(MAX_SCAN, room - claimed.size()); // enough if it takes every type
    while (claimed.size() < room && limit > 0) {
      List<Entry> entries = EventLog.after(connection, pair.org(), last, limit);
      last = take(entries, last, room);
      limit = entries.size() < limit ? 0 : MAX_SCAN - scanned;
    }
    return last;
  }

  private long take(List<Entry> entries, long position, int room) throws SQLException {
    Set<String> open = selection.bySubject() ? openSubjects(entries) : Set.of();
    long last = position;
    boolean any = false;
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      for (Entry entry : entries) {
        if (claimed.size() == room) {
          break;
        }
        last = entry.id();
        scanned++;
        if (selection.types().test(entry.type())) {
          insertOne(insert, entry, open);
          any = true;
        }
      }
      if (any) {
        insert.executeBatch();
      }
    }
    return last;
  }

  private void insertOne(PreparedStatement insert, Entry entry, Set<String> open)
      throws SQLException {
    String subject = selection.bySubject() ? entry.subject() : null;
    boolean blocked = subject != null && !open.add(subject);
    if (blocked) {
      bind(
          insert,
          pair.connector(),
          entry.id(),
          pair.org(),
          subject,
          "waiting",
          0,
          Deliveries.BLOCKED);
      insert.setNull(8, Types.BIGINT);
      insert.setLong(9, 0);
    } else {
      Claimed one = new Claimed(newLease(), 1, false, now.toEpochMilli());
      bind(insert, pair.connector(), entry.id(), pair.org(), subject, "running", 1, leaseUntil);
      insert.setLong(8, one.lease);
      insert.setLong(9, one.startedAt);
      claimed.put(entry.id(), one);
    }
    insert.addBatch();
  }

  private Set<String> openSubjects(List<Entry> entries) throws SQLException {
    Set<String> open = new HashSet<>();
    try (PreparedStatement select = connection.prepareStatement(OPEN_SUBJECTS)) {
      Object[] subjects =
          entries.stream().map(Entry::subject).filter(s -> s != null).distinct().toArray();
      select.setString(1, pair.connector());
      select.setString(2, pair.org());
      select.setArray(3, connection.createArrayOf("varchar", subjects));
      select.setLong(4, Deliveries.BLOCKED);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          open.add(rows.getString(1));
        }
      }
    }
    return open;
  }

  /** Whether it stopped at the bound of one scan: there may be more right behind. */
  boolean scannedAll() {
    return scanned == MAX_SCAN;
  }

  List<Claim> claims() throws SQLException {
    List<Claim> claims = new ArrayList<>();
    if (!claimed.isEmpty()) {
      Map<Long, Event> events = EventLog.byId(connection, claimed.keySet());
      claimed.forEach(
          (id, one) -> {
            Event event = events.get(id);
            if (event != null) {
              Instant startedAt = Instant.ofEpochMilli(one.startedAt);
              claims.add(
                  new Claim(pair, id, event, one.lease, one.attempt, one.unknown, startedAt));
            }
          });
    }
    return claims;
  }

  private static long newLease() {
    return ThreadLocalRandom.current().nextLong();
  }
}
