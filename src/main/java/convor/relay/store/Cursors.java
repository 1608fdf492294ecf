package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where each poll of each organization goes on. One run at a time holds the lease of a (poll,
 * organization); {@link PolledPages} moves the cursor with each page.
 */
public final class Cursors {
  /** How the reason of a pause begins that the API's refusal caused. */
  public static final String REFUSED = "refused: ";

  private static final String REGISTER =
      """
      insert into cursor
        (poll, org, high_water, state, failures, next_at, pages, records, recovered, covered_to, fingerprint)
      select ?, ?, cast(? as bigint), 'active', 0, ?, 0, 0, 0, 0, ?
      where not exists (select 1 from cursor where poll = ? and org = ?)
      """;

  private static final String RESUME_CHANGED =
      """
      update cursor
      set state = 'active', reason = null, failures = 0, next_at = ?, fingerprint = ?
      where poll = ? and org = ? and fingerprint <> ? and state = 'paused' and reason like ?
      """;

  private static final String SET_FINGERPRINT =
      "update cursor set fingerprint = ? where poll = ? and org = ? and fingerprint <> ?";

  private static final String DUE =
      """
      select org, position, resume_at, high_water, failures from cursor
      where poll = ? and org = any(?) and state = 'active' and next_at <= ?
      and (lease_until is null or lease_until <= ?)
      order by next_at limit ? for update skip locked
      """;

  private static final String LEASE =
      "update cursor set lease = ?, lease_until = ?, last_run_at = ? where poll = ? and org = ?";

  private static final String END =
      """
      update cursor
      set reason = case when state = 'paused' then reason else ? end,
          state = case when ? then 'paused' else state end,
          failures = ?, next_at = ?, lease = null, lease_until = null
      where poll = ? and org = ? and lease = ?
      """;

  private static final String PLACE =
      "update cursor set position = ?, resume_at = ?, high_water = ? where poll = ? and org = ? and lease = ?";

  private static final String EXPIRE_LEASES =
      "update cursor set lease = null, lease_until = null where lease is not null";

  private static final String ALL =
      """
      select poll, org, position, resume_at, high_water, state, reason, failures, next_at, lease_until, last_run_at,
        pages, records, recovered
      from cursor order by poll, org
      """;

  private static final String RESET =
      """
      update cursor
      set position = ?, resume_at = ?, high_water = ?, reason = null, failures = 0, next_at = ?, lease = null, lease_until = null,
          pages = 0, records = 0, recovered = 0
      where poll = ? and org = ?
      """;

  private static final String PAUSE =
      "update cursor set state = 'paused', reason = ? where poll = ? and org = ?";

  private static final String RESUME =
      """
      update cursor set state = 'active', reason = null, failures = 0, next_at = ?
      where poll = ? and org = ?
      """;

  private static final String RUN_NOW = "update cursor set next_at = ? where poll = ? and org = ?";

  private final Database database;

  public Cursors(Database database) {
    this.database = database;
  }

  /**
   * Makes a poll of an organization known.
   *
   * @param start the time to begin with; null for the beginning
   * @param fingerprint of the settings that the API depends on; a poll that was paused by a refusal
   *     is resumed when it differs
   */
  public void register(
      String poll, String org, @Nullable Instant start, String fingerprint, Instant now) {
    long at = now.toEpochMilli();
    database.inTransaction(
        connection -> {
          change(connection, REGISTER, poll, org, millis(start), at, fingerprint, poll, org);
          change(
              connection, RESUME_CHANGED, at, fingerprint, poll, org, fingerprint, REFUSED + "%");
          return change(connection, SET_FINGERPRINT, fingerprint, poll, org, fingerprint);
        });
  }

  /**
   * Before the first run. In a store that only this process uses, whatever is leased was running
   * when the process before this one ended. In a shared one it may be running on another node: its
   * lease ends by itself.
   */
  public void expireLeases() {
    if (database.isShared()) {
      return;
    }
    database.inTransaction(connection -> change(connection, EXPIRE_LEASES));
  }

  /**
   * The organizations whose next run is due, leased to the caller, the longest overdue first.
   *
   * @param orgs the organizations that this node polls
   */
  public List<CursorLease> claimDue(
      String poll, Collection<String> orgs, int limit, Duration lease, Instant now) {
    long at = now.toEpochMilli();
    return database.inTransaction(
        connection -> {
          List<CursorLease> claimed = new ArrayList<>();
          try (PreparedStatement select = connection.prepareStatement(DUE)) {
            select.setString(1, poll);
            select.setArray(2, connection.createArrayOf("varchar", orgs.toArray()));
            select.setLong(3, at);
            select.setLong(4, at);
            select.setInt(5, limit);
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                long token = ThreadLocalRandom.current().nextLong();
                claimed.add(
                    new CursorLease(
                        poll, rows.getString("org"), token, place(rows), rows.getInt("failures")));
              }
            }
          }
          for (CursorLease one : claimed) {
            change(connection, LEASE, one.token(), at + lease.toMillis(), at, poll, one.org());
          }
          return claimed;
        });
  }

  /**
   * Writes how a run ended and gives the lease back; nothing if it was taken over.
   *
   * @return whether it was still the caller's
   */
  public boolean end(CursorLease run, CursorEnd end) {
    return database.inTransaction(
        connection -> {
          CursorPlace place = end.place();
          if (place != null) {
            change(
                connection,
                PLACE,
                place.position(),
                millis(place.resume()),
                millis(place.highWater()),
                run.poll(),
                run.org(),
                run.token());
          }
          return change(
                  connection,
                  END,
                  end.reason(),
                  end.paused(),
                  end.failures(),
                  end.nextAt().toEpochMilli(),
                  run.poll(),
                  run.org(),
                  run.token())
              == 1;
        });
  }

  /** All that any node has ever registered, by poll and organization. */
  public List<CursorStatus> all(Instant now) {
    return database.inTransaction(
        connection -> {
          List<CursorStatus> all = new ArrayList<>();
          try (PreparedStatement select = connection.prepareStatement(ALL);
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              all.add(status(rows, now));
            }
          }
          return all;
        });
  }

  /**
   * The next run begins at this place, now; a run under way loses its lease.
   *
   * @return whether there is such a poll of such an organization
   */
  public boolean reset(String poll, String org, CursorPlace to, Instant now) {
    return byHand(
        RESET,
        to.position(),
        millis(to.resume()),
        millis(to.highWater()),
        now.toEpochMilli(),
        poll,
        org);
  }

  /** No run begins until it is resumed. Returns whether there is such a poll. */
  public boolean pause(String poll, String org, String reason) {
    return byHand(PAUSE, reason, poll, org);
  }

  /** Runs may begin again, the next one now. Returns whether there is such a poll. */
  public boolean resume(String poll, String org, Instant now) {
    return byHand(RESUME, now.toEpochMilli(), poll, org);
  }

  /** The next run is due now. Returns whether there is such a poll. */
  public boolean runNow(String poll, String org, Instant now) {
    return byHand(RUN_NOW, now.toEpochMilli(), poll, org);
  }

  private boolean byHand(String update, @Nullable Object... values) {
    return database.flushed(
        () -> database.inTransaction(connection -> change(connection, update, values) == 1));
  }

  private static CursorPlace place(ResultSet row) throws SQLException {
    return new CursorPlace(
        row.getString("position"), instant(row, "resume_at"), instant(row, "high_water"));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Long millis = row.getObject(column, Long.class);
    return millis == null ? null : Instant.ofEpochMilli(millis);
  }

  private static CursorStatus status(ResultSet row, Instant now) throws SQLException {
    return new CursorStatus(
        row.getString("poll"),
        row.getString("org"),
        place(row),
        row.getString("state").equals("paused"),
        row.getLong("lease_until") > now.toEpochMilli(),
        row.getString("reason"),
        row.getInt("failures"),
        instant(row, "last_run_at"),
        Instant.ofEpochMilli(row.getLong("next_at")),
        row.getLong("pages"),
        row.getLong("records"),
        row.getLong("recovered"));
  }

  static @Nullable Long millis(@Nullable Instant instant) {
    return instant == null ? null : instant.toEpochMilli();
  }

  static int change(Connection connection, String statement, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement change = connection.prepareStatement(statement)) {
      bind(change, values);
      return change.executeUpdate();
    }
  }
}
