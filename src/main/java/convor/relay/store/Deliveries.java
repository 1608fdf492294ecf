package convor.relay.store;

import static convor.relay.store.Sql.bind;

import convor.relay.store.Settlement.State;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Claims and settles deliveries. All of a pair happens in one transaction that holds the pair's
 * row: first the results of finished attempts, then the claim of the next ones. No transaction is
 * open while an attempt runs.
 */
public final class Deliveries {
  /** In {@code due_at}: behind an earlier event of its subject. */
  static final long BLOCKED = Long.MAX_VALUE - 1;

  /** In {@code due_at}: dead, until a person retries it. */
  static final long NEVER = Long.MAX_VALUE;

  private static final String SETTLE =
      """
      update delivery
      set state = ?, due_at = ?, attempt = ?, outcome_unknown = ?, status = ?, reason = ?, excerpt = ?,
          remote_id = coalesce(?, remote_id), settled_at = ?, lease = null
      where connector = ? and event_id = ? and lease = ?
      """;

  private static final String RELEASE_NEXT_OF_SUBJECT =
      """
      update delivery set due_at = ?
      where connector = ? and event_id =
        (select min(event_id) from delivery where connector = ? and org = ? and subject = ? and due_at = ?)
      and not exists
        (select 1 from delivery where connector = ? and org = ? and subject = ? and due_at >= 0 and due_at < ?)
      """;

  private static final String ANY_BLOCKED =
      "select 1 from delivery where connector = ? and org = ? and due_at = ? limit 1";

  private static final String EARLIER_OF_SUBJECT =
      """
      select e.id, e.version from delivery d join event e on e.id = d.event_id
      where d.connector = ? and d.org = ? and d.subject = ? and d.event_id < ? and d.state <> 'dead'
      and e.source <> ? and e.version is not null
      order by d.event_id desc limit ?
      """;

  /** How far back a connector looks for the same version. */
  private static final int VERSIONS = 200;

  private static final String EXPIRE_LEASES =
      "update delivery set due_at = 0 where state = 'running'";

  private final Database database;

  public Deliveries(Database database) {
    this.database = database;
  }

  /**
   * Before the first turn. In a store that only this process uses, whatever is leased was running
   * when the process before this one ended. In a shared one it may be running on another node: its
   * lease ends by itself.
   *
   * @return how many deliveries were running then
   */
  public int expireLeases() {
    if (database.isShared()) {
      return 0;
    }
    return database.inTransaction(
        connection -> {
          try (PreparedStatement update = connection.prepareStatement(EXPIRE_LEASES)) {
            return update.executeUpdate();
          }
        });
  }

  /** What the results of attempts do to their pair and to themselves. */
  public record Decision(PairStatus status, List<Settlement> settlements) {}

  /**
   * What a turn did.
   *
   * @param claims to be attempted now
   * @param more whether there may be more to claim at once: behind what was claimed, or since what
   *     was settled lets others go
   * @param settled what was decided, in the order of the attempts
   * @param fenced those of them that came too late: somebody else had taken the delivery over
   * @param busy another node has its turn with the pair at this moment: nothing was done
   * @param generation of the database, before it
   */
  public record Turn(
      List<Claim> claims,
      boolean more,
      PairStatus status,
      List<Settlement> settled,
      List<Settlement> fenced,
      boolean busy,
      int generation) {

    private static Turn busy(PairStatus status, int generation) {
      return new Turn(List.of(), true, status, List.of(), List.of(), true, generation);
    }

    /** A position alone may be lost: the events are looked at again. */
    private boolean mustLast() {
      return !claims.isEmpty() || !settled.isEmpty();
    }
  }

  /**
   * Settles what {@code decide} makes of the finished attempts and claims up to {@code want} next
   * ones. All of it is on disk when this returns.
   */
  public Turn turn(
      Pair pair,
      Selection selection,
      Function<PairStatus, Decision> decide,
      int want,
      Instant now) {
    Turn turn = unflushedTurn(pair, selection, decide, want, now);
    flush(List.of(turn));
    return turn;
  }

  /** As {@link #turn}, but nothing may be started or told of it before {@link #flush}. */
  public Turn unflushedTurn(
      Pair pair,
      Selection selection,
      Function<PairStatus, Decision> decide,
      int want,
      Instant now) {
    int generation = database.generation();
    return database.inTransaction(
        connection -> {
          // Where nobody else is there is nothing to lock; H2 parses a locking query every time.
          Optional<PairStatus> before =
              database.isShared()
                  ? Pairs.lockIfFree(connection, pair)
                  : Optional.of(Pairs.read(connection, pair));
          if (before.isEmpty()) {
            return Turn.busy(Pairs.read(connection, pair), generation);
          }
          Decision decision = decide.apply(before.get());
          List<Settlement> settled = decision.settlements();
          Settled after = settle(connection, pair, settled, now);
          Claimed next = claim(connection, pair, selection, decision.status(), want, now);
          if (!next.status.equals(before.get())) {
            Pairs.update(connection, pair, next.status);
          }
          boolean more =
              next.more || (want == 0 && (after.released || resumes(before.get(), next)));
          return new Turn(next.claims, more, next.status, settled, after.fenced, false, generation);
        });
  }

  /** Returns when these turns are on disk. */
  public void flush(List<Turn> turns) {
    turns.stream()
        .filter(Turn::mustLast)
        .mapToInt(Turn::generation)
        .min()
        .ifPresent(database::flush);
  }

  /**
   * The version of the event's subject that its connector has remembered, if the event's own is
   * older; empty if not, or if nobody can tell.
   */
  public Optional<String> newerVersion(Claim claim) {
    String version = claim.event().version();
    String subject = claim.event().subject();
    if (version == null || subject == null) {
      return Optional.empty();
    }
    return database
        .inTransaction(connection -> Versions.newest(connection, claim.pair(), subject))
        .filter(newest -> Versions.isOlder(version, newest));
  }

  /** Remembers the event's version as the newest that the connector has written of its subject. */
  public void rememberVersion(Claim claim, Instant now) {
    String version = claim.event().version();
    String subject = claim.event().subject();
    if (version != null && subject != null) {
      database.inTransaction(
          connection -> Versions.remember(connection, claim.pair(), subject, version, now));
    }
  }

  /**
   * An earlier event of the same subject and version, from another source, that its connector has
   * delivered, or will: a webhook and a poll may tell of the same thing. Two webhooks of one
   * version are two events. Of connectors that are ordered by subject.
   */
  public Optional<Long> sameVersion(Claim claim) {
    String version = claim.event().version();
    String subject = claim.event().subject();
    if (version == null || subject == null) {
      return Optional.empty();
    }
    return database.inTransaction(
        connection -> {
          try (PreparedStatement select = connection.prepareStatement(EARLIER_OF_SUBJECT)) {
            Pair pair = claim.pair();
            String source = claim.event().source();
            bind(select, pair.connector(), pair.org(), subject, claim.eventId(), source, VERSIONS);
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                if (Versions.isSame(version, rows.getString(2))) {
                  return Optional.of(rows.getLong(1));
                }
              }
              return Optional.empty();
            }
          }
        });
  }

  private static boolean resumes(PairStatus before, Claimed after) {
    return before.state() != PairStatus.State.ACTIVE
        && after.status.state() == PairStatus.State.ACTIVE;
  }

  /**
   * What settling did.
   *
   * @param released whether others of the same subjects may go on
   */
  private record Settled(List<Settlement> fenced, boolean released) {}

  private static Settled settle(
      Connection connection, Pair pair, List<Settlement> settlements, Instant now)
      throws SQLException {
    if (settlements.isEmpty()) {
      return new Settled(List.of(), false);
    }
    int[] updated;
    try (PreparedStatement update = connection.prepareStatement(SETTLE)) {
      for (Settlement settlement : settlements) {
        Claim claim = settlement.claim();
        Settlement.Answer answer = settlement.answer();
        bind(
            update,
            settlement.state().name().toLowerCase(Locale.ROOT),
            dueAt(settlement),
            settlement.attempt(),
            settlement.outcomeUnknown(),
            answer.status(),
            answer.reason(),
            answer.excerpt(),
            answer.remoteId(),
            now.toEpochMilli(),
            claim.pair().connector(),
            claim.eventId(),
            claim.lease());
        update.addBatch();
      }
      updated = update.executeBatch();
    }
    List<Settlement> fenced = new ArrayList<>();
    boolean anyBlocked = anyBlocked(connection, pair);
    for (int i = 0; i < updated.length; i++) {
      Settlement settlement = settlements.get(i);
      if (updated[i] == 0) {
        fenced.add(settlement);
      } else if (anyBlocked && settlement.state() != State.WAITING) {
        releaseNext(connection, settlement.claim(), now);
      }
    }
    return new Settled(fenced, anyBlocked);
  }

  /** Also of a connector that no longer orders by subject: what it had blocked goes on. */
  private static boolean anyBlocked(Connection connection, Pair pair) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(ANY_BLOCKED)) {
      bind(select, pair.connector(), pair.org(), BLOCKED);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static @Nullable Long dueAt(Settlement settlement) {
    return switch (settlement.state()) {
      case DONE -> null;
      case DEAD -> NEVER;
      case WAITING -> settlement.dueAt() == null ? 0L : settlement.dueAt().toEpochMilli();
    };
  }

  private static void releaseNext(Connection connection, Claim claim, Instant now)
      throws SQLException {
    String subject = claim.event().subject();
    if (subject != null) {
      Pair pair = claim.pair();
      try (PreparedStatement update = connection.prepareStatement(RELEASE_NEXT_OF_SUBJECT)) {
        bind(
            update,
            now.toEpochMilli(),
            pair.connector(),
            pair.connector(),
            pair.org(),
            subject,
            BLOCKED,
            pair.connector(),
            pair.org(),
            subject,
            BLOCKED);
        update.executeUpdate();
      }
    }
  }

  private record Claimed(List<Claim> claims, boolean more, PairStatus status) {}

  private static Claimed claim(
      Connection connection,
      Pair pair,
      Selection selection,
      PairStatus status,
      int want,
      Instant now)
      throws SQLException {
    boolean probing = status.state() == PairStatus.State.PARKED;
    Rate rate = selection.rate();
    int room = !status.opensAt().isAfter(now) ? (probing ? Math.min(want, 1) : want) : 0;
    if (rate != null) {
      room = rate.take(status.rateAt(), now, room).count();
    }
    if (room == 0) {
      return new Claimed(List.of(), false, status);
    }
    Claimer claimer = new Claimer(connection, pair, selection, now);
    claimer.due(room);
    long position = claimer.fresh(status.position(), room);
    List<Claim> claims = claimer.claims();
    PairStatus after =
        status.claimed(
            position,
            probing && !claims.isEmpty() ? now.plus(selection.probeEvery()) : null,
            rate == null
                ? status.rateAt()
                : rate.take(status.rateAt(), now, claims.size()).rateAt());
    boolean more = !probing && (claims.size() == want || claimer.scannedAll());
    return new Claimed(claims, more, after);
  }
}
