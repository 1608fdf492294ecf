package convor.relay.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a pair besides its deliveries.
 *
 * @param position the id of the last event of the log that was turned into a delivery, or passed
 *     over
 * @param reason why it is not active, or what it waits for
 * @param waitUntil no attempt starts before this
 * @param failures consecutive
 * @param activeSince the time before this does not count towards giving up on an event
 * @param rateAt when the next attempt fits the rate
 */
public record PairStatus(
    long position,
    State state,
    @Nullable String reason,
    @Nullable Instant waitUntil,
    int failures,
    Instant activeSince,
    Instant rateAt) {

  /** Whether events flow. */
  public enum State {
    ACTIVE,
    /** By a person, or because the destination refused the credentials: until resumed. */
    PAUSED,
    /** After many consecutive failures: one attempt at a time probes whether it is over. */
    PARKED;

    String column() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    static State of(String column) {
      return valueOf(column.toUpperCase(java.util.Locale.ROOT));
    }
  }

  /** No attempt starts before this; {@link Instant#MAX} while only a command ends the pause. */
  public Instant opensAt() {
    if (state == State.PAUSED) {
      return Instant.MAX;
    }
    return waitUntil == null ? Instant.MIN : waitUntil;
  }

  public PairStatus paused(String why) {
    return new PairStatus(position, State.PAUSED, why, null, failures, activeSince, rateAt);
  }

  public PairStatus parked(String why, Instant nextProbe, int nowFailures) {
    return new PairStatus(position, State.PARKED, why, nextProbe, nowFailures, activeSince, rateAt);
  }

  /** Active from {@code now} on, with nothing held against it. */
  public PairStatus resumed(Instant now) {
    return new PairStatus(position, State.ACTIVE, null, null, 0, now, rateAt);
  }

  public PairStatus waiting(String why, Instant until) {
    return new PairStatus(position, state, why, until, failures, activeSince, rateAt);
  }

  public PairStatus failed(int nowFailures) {
    return new PairStatus(position, state, reason, waitUntil, nowFailures, activeSince, rateAt);
  }

  /** The wait is over: an active pair has no more reason for one. */
  PairStatus claimed(long newPosition, @Nullable Instant newWaitUntil, Instant newRateAt) {
    String why = state == State.ACTIVE ? null : reason;
    return new PairStatus(newPosition, state, why, newWaitUntil, failures, activeSince, newRateAt);
  }
}
