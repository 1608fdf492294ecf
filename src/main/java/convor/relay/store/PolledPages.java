package convor.relay.store;

import static convor.relay.store.Cursors.change;
import static convor.relay.store.Cursors.millis;
import static convor.relay.store.Sql.bind;

import convor.relay.store.PolledPage.PolledRecord;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Stores the pages of polls: the records that no stored event tells of, and the place behind the
 * page, in one transaction that is fenced by the run's lease.
 */
public final class PolledPages {
  /** Events of the log that are read in one step for what they tell of. */
  private static final int STEP = 200;

  private static final String HOLD =
      "select lease from cursor where poll = ? and org = ? for update";

  private static final String MOVE =
      """
      update cursor
      set position = ?, resume_at = ?, high_water = ?, pages = pages + 1, records = records + ?, recovered = recovered + ?,
          lease_until = ?
      where poll = ? and org = ? and lease = ?
      """;

  private static final String STAY =
      "update cursor set recovered = recovered + ?, lease_until = ? where poll = ? and org = ? and lease = ?";

  private static final String COVERED_TO =
      "select covered_to from cursor where poll = ? and org = ?";

  private static final String SET_COVERED_TO =
      "update cursor set covered_to = ? where poll = ? and org = ? and covered_to < ?";

  private final Database database;

  public PolledPages(Database database) {
    this.database = database;
  }

  /**
   * Stores the records that no stored event tells of and moves the cursor behind the page, in one
   * transaction, which is on disk when this returns. While a record is too young to be missed, the
   * cursor stays.
   *
   * @param lease how much longer the run may go on now
   */
  public PageReceipt append(PolledPage page, Duration lease, Instant now) {
    CursorLease run = page.lease();
    Seen seen = readLog(run, page.covers(), now);
    return database.flushed(
        () ->
            database.appending(
                Set.of(run.org()),
                connection -> {
                  if (!holds(connection, run)) {
                    return PageReceipt.LOST;
                  }
                  seen.add(connection); // what was appended since: no other append runs now
                  return append(connection, page, now.plus(lease).toEpochMilli(), now);
                }));
  }

  private PageReceipt append(Connection connection, PolledPage page, long leaseUntil, Instant now)
      throws SQLException {
    CursorLease run = page.lease();
    List<String> versions = page.records().stream().map(PolledRecord::version).toList();
    Set<ByteBuffer> known = Coverage.known(connection, Coverage.hashes(run.org(), versions));
    List<Event> missed = new ArrayList<>();
    List<byte[]> judged = new ArrayList<>();
    int deferred = 0;
    for (PolledRecord one : page.records()) {
      byte[] hash = Event.hash(run.org(), one.version());
      if (one.young() && !known.contains(ByteBuffer.wrap(hash))) {
        deferred++;
      } else if (known.add(ByteBuffer.wrap(hash))) {
        missed.add(one.event());
        judged.add(hash);
      }
    }
    List<Receipt> receipts = EventLog.append(connection, missed, database.keys());
    Coverage.add(connection, judged, now);
    int recovered = (int) receipts.stream().filter(Receipt.STORED::equals).count();
    if (deferred > 0) {
      change(connection, STAY, recovered, leaseUntil, run.poll(), run.org(), run.token());
    } else {
      change(
          connection,
          MOVE,
          page.after().position(),
          millis(page.after().resume()),
          millis(page.after().highWater()),
          page.records().size(),
          recovered,
          leaseUntil,
          run.poll(),
          run.org(),
          run.token());
    }
    return new PageReceipt(
        recovered, page.records().size() - recovered - deferred, deferred, false);
  }

  /**
   * Reads the log for what it tells of, step by step, up to near its end: no transaction is held
   * while bodies are parsed.
   */
  private Seen readLog(CursorLease run, Function<Event, Set<String>> covers, Instant now) {
    Seen seen = new Seen(run, covers, now);
    boolean more = true;
    while (more) {
      List<EventLog.Numbered> step = database.inTransaction(seen::next);
      Set<String> versions = seen.read(step);
      more = step.size() == STEP;
      if (!step.isEmpty()) {
        database.inTransaction(connection -> seen.keep(connection, versions, step));
      }
    }
    return seen;
  }

  /** How far the log was read for a poll, and what it tells of. */
  private record Seen(CursorLease run, Function<Event, Set<String>> covers, Instant now) {
    List<EventLog.Numbered> next(Connection connection) throws SQLException {
      try (PreparedStatement select = connection.prepareStatement(COVERED_TO)) {
        bind(select, run.poll(), run.org());
        try (ResultSet row = select.executeQuery()) {
          long from = row.next() ? row.getLong(1) : 0;
          return EventLog.whole(connection, run.org(), from, STEP);
        }
      }
    }

    Set<String> read(List<EventLog.Numbered> step) {
      Set<String> versions = new HashSet<>();
      step.forEach(one -> versions.addAll(covers.apply(one.event())));
      return versions;
    }

    boolean keep(Connection connection, Set<String> versions, List<EventLog.Numbered> step)
        throws SQLException {
      Coverage.add(connection, Coverage.hashes(run.org(), versions), now);
      long to = step.get(step.size() - 1).id();
      return change(connection, SET_COVERED_TO, to, run.poll(), run.org(), to) == 1;
    }

    /** The rest, in the transaction that appends. */
    void add(Connection connection) throws SQLException {
      List<EventLog.Numbered> step = next(connection);
      while (!step.isEmpty()) {
        keep(connection, read(step), step);
        step = next(connection);
      }
    }
  }

  private static boolean holds(Connection connection, CursorLease run) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(HOLD)) {
      bind(select, run.poll(), run.org());
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getObject(1) != null && row.getLong(1) == run.token();
      }
    }
  }
}
