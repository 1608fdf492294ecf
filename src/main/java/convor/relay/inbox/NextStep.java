package convor.relay.inbox;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.PairStatus;
import convor.relay.store.Pairs;
import convor.relay.store.Settlement;
import convor.relay.store.Settlement.Answer;
import convor.relay.store.Settlement.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the outcomes of attempts mean for their deliveries and for their pair. Pure: the store
 * writes what this decides.
 *
 * @param random 0 to 1, for the jitter
 */
record NextStep(DeliveryLimits limits, Duration giveUpAfter, DoubleSupplier random) {
  /** A destination that asks for no wait at all would be asked without end: no attempt is spent. */
  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);

  /** An attempt that ended. */
  record Ended(Claim claim, Outcome outcome) {}

  Decision decide(PairStatus before, List<Ended> attempts, Instant now) {
    PairStatus status = before;
    List<Settlement> settlements = new ArrayList<>();
    for (Ended attempt : attempts) {
      settlements.add(settlement(attempt, before, now));
      status = pair(status, attempt.outcome(), now);
    }
    return new Decision(status, settlements);
  }

  private Settlement settlement(Ended attempt, PairStatus pair, Instant now) {
    Claim claim = attempt.claim();
    Outcome outcome = attempt.outcome();
    int spent = claim.attempt();
    return switch (outcome.kind()) {
      case DONE -> settled(attempt, State.DONE, null, spent, false);
      case DEAD -> settled(attempt, State.DEAD, null, spent, claim.outcomeUnknown());
      case LIMITED, REFUSED ->
          settled(attempt, State.WAITING, now, spent - 1, claim.outcomeUnknown());
      case RETRY, UNKNOWN -> {
        boolean unknown = claim.outcomeUnknown() || outcome.kind() == Outcome.Kind.UNKNOWN;
        yield givesUp(claim, pair, now)
            ? settled(attempt, State.DEAD, null, spent, unknown)
            : settled(attempt, State.WAITING, now.plus(pause(spent)), spent, unknown);
      }
    };
  }

  /** A parked pair's events are held, not dead: only time in which events flowed counts. */
  private boolean givesUp(Claim claim, PairStatus pair, Instant now) {
    Instant since =
        claim.startedAt().isAfter(pair.activeSince()) ? claim.startedAt() : pair.activeSince();
    return pair.state() == PairStatus.State.ACTIVE && !now.isBefore(since.plus(giveUpAfter));
  }

  private Duration pause(int attempt) {
    List<Duration> steps = limits.backoff();
    return vary(steps.get(Math.min(attempt, steps.size()) - 1));
  }

  private Duration vary(Duration pause) {
    double factor = 1 + limits.jitter() * (2 * random.getAsDouble() - 1);
    return Duration.ofMillis(Math.round(pause.toMillis() * factor));
  }

  private PairStatus pair(PairStatus status, Outcome outcome, Instant now) {
    return switch (outcome.kind()) {
      case DONE, DEAD -> answered(status, now);
      case LIMITED -> limited(status, outcome, now);
      case REFUSED -> refused(status, outcome);
      case RETRY, UNKNOWN -> failed(status, outcome, now);
    };
  }

  /** The destination is there: what was held against it is forgotten, a person's pause is not. */
  private static PairStatus answered(PairStatus status, Instant now) {
    return switch (status.state()) {
      case PARKED -> status.resumed(now);
      case ACTIVE -> status.failed(0);
      case PAUSED -> status;
    };
  }

  /** A pause stays whose it is: a person's is not ended by a changed setting. */
  private static PairStatus refused(PairStatus status, Outcome outcome) {
    return status.state() == PairStatus.State.PAUSED
        ? status
        : status.paused(Pairs.REFUSED + outcome.reason());
  }

  private PairStatus limited(PairStatus status, Outcome outcome, Instant now) {
    Duration asked = outcome.retryAfter();
    Duration pause = asked == null ? limits.retryAfterDefault() : longer(asked, SHORTEST_WAIT);
    Instant until =
        now.plus(pause.compareTo(limits.retryAfterMax()) > 0 ? limits.retryAfterMax() : pause);
    Instant already = status.waitUntil();
    if (status.state() == PairStatus.State.PAUSED || (already != null && already.isAfter(until))) {
      return status;
    }
    return status.waiting("limited: " + outcome.reason(), until);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private PairStatus failed(PairStatus status, Outcome outcome, Instant now) {
    int failures = status.failures() + 1;
    if (status.state() == PairStatus.State.PAUSED || failures < limits.parkAfter()) {
      return status.failed(failures);
    }
    String why = failures + " failures in a row, the last: " + outcome.reason();
    return status.parked(why, now.plus(vary(limits.parkProbe())), failures);
  }

  private static Settlement settled(
      Ended attempt, State state, @Nullable Instant dueAt, int spent, boolean unknown) {
    Outcome outcome = attempt.outcome();
    Answer answer =
        new Answer(outcome.status(), outcome.reason(), outcome.excerpt(), outcome.remoteId());
    return new Settlement(attempt.claim(), state, dueAt, spent, unknown, answer);
  }
}
