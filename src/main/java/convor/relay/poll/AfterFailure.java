package convor.relay.poll;

import convor.relay.inbox.Classify;
import convor.relay.inbox.Organization;
import convor.relay.inbox.Outcome;
import convor.relay.store.CursorEnd;
import convor.relay.store.CursorLease;
import convor.relay.store.CursorPlace;
import convor.relay.store.Cursors;
import convor.relay.store.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a failure means for the next run. Pure. */
final class AfterFailure {
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final int MOST_DOUBLINGS = 12;
  private static final int MAX_REASON = 400;

  /** How an API says that it does not know the cursor, or does not any more. */
  private static final Set<Integer> CURSOR_REFUSED = Set.of(400, 410, 422);

  private AfterFailure() {}

  /**
   * Decides.
   *
   * @param walk at the page that failed
   */
  static CursorEnd decide(
      @Nullable Throwable failure,
      CursorLease lease,
      Walk walk,
      Polls.Limits limits,
      Instant now,
      Organization organization) {
    int failures = lease.failures() + 1;
    Instant later = now.plus(backOff(failures, walk.spec().pace().period()));
    if (failure instanceof PollProblem || failure instanceof StoreUnavailable) {
      return again(failure.getMessage(), failures, later);
    }
    Outcome outcome =
        Classify.exception(failure == null ? new IllegalStateException() : failure, now);
    String reason = reason(outcome, organization);
    Integer status = outcome.status();
    if (status != null && CURSOR_REFUSED.contains(status) && walk.place().position() != null) {
      return fallBack(walk, status, failures, failures == 1 ? now : later);
    }
    return switch (outcome.kind()) {
      case REFUSED -> new CursorEnd(true, Cursors.REFUSED + reason, failures, now, null);
      case LIMITED -> again("limited: " + reason, lease.failures(), asked(outcome, limits, now));
      default ->
          again(
              reason, failures, outcome.retryAfter() == null ? later : asked(outcome, limits, now));
    };
  }

  private static CursorEnd again(@Nullable String reason, int failures, Instant at) {
    return new CursorEnd(false, capped(String.valueOf(reason)), failures, at, null);
  }

  /** To where the list can be read by time; what is read twice is known. */
  private static CursorEnd fallBack(Walk walk, int status, int failures, Instant at) {
    CursorPlace place = walk.place();
    String from =
        place.highWater() == null
            ? "the beginning"
            : place.highWater().minus(walk.spec().pace().overlap()).toString();
    return new CursorEnd(
        false,
        "the API refused the cursor (HTTP " + status + "); it goes on from " + from,
        failures,
        at,
        CursorPlace.at(place.highWater()));
  }

  private static String reason(Outcome outcome, Organization organization) {
    Integer status = outcome.status();
    String reason = String.valueOf(outcome.reason());
    if (status != null && status >= 300 && status < 400) {
      reason += ": the relay follows no redirect; correct api.base-url or the poll's path";
    } else if (status != null && status == 404) {
      reason += ": correct api.base-url or the poll's path";
    }
    return capped(organization.redact(reason));
  }

  private static String capped(String reason) {
    return reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON) + "…";
  }

  private static Instant asked(Outcome outcome, Polls.Limits limits, Instant now) {
    Duration asked = outcome.retryAfter();
    Duration wait = asked == null ? limits.retryAfterDefault() : asked;
    Duration least = Duration.ofSeconds(1);
    if (wait.compareTo(least) < 0) {
      wait = least;
    }
    return now.plus(wait.compareTo(limits.retryAfterMax()) > 0 ? limits.retryAfterMax() : wait);
  }

  /** The period, doubled with each failure in a row, up to an hour or the period. */
  private static Duration backOff(int failures, Duration period) {
    Duration longest = period.compareTo(LONGEST) > 0 ? period : LONGEST;
    Duration wait = period.multipliedBy(1L << Math.min(failures - 1, MOST_DOUBLINGS));
    return wait.compareTo(longest) > 0 ? longest : wait;
  }
}
