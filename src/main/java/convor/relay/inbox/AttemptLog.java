package convor.relay.inbox;

import convor.relay.store.Claim;
import convor.relay.store.Settlement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line and one count per attempt. Never a body, never a setting. */
final class AttemptLog {
  private static final Logger log = LoggerFactory.getLogger("relay.attempt");

  private final MeterRegistry metrics;
  private final Timer seconds;

  AttemptLog(String connector, MeterRegistry metrics) {
    this.metrics = metrics;
    this.seconds = Timer.builder("relay.delivery").tag("connector", connector).register(metrics);
  }

  /** When an attempt ended. */
  void ended(Claim claim, Outcome outcome, Duration took) {
    seconds.record(took);
    metrics
        .counter(
            "relay.deliveries",
            "connector",
            claim.pair().connector(),
            "org",
            claim.pair().org(),
            "outcome",
            outcome.kind().label())
        .increment();
  }

  /** When its end is stored. */
  void settled(Settlement settlement, Outcome outcome, Duration took) {
    Claim claim = settlement.claim();
    String next = settlement.dueAt() == null ? "-" : settlement.dueAt().toString();
    log.atLevel(
            outcome.kind() == Outcome.Kind.DONE
                ? org.slf4j.event.Level.INFO
                : org.slf4j.event.Level.WARN)
        .log(
            "event={} key={} org={} connector={} attempt={} outcome={} state={} status={} ms={} next={}{}",
            claim.eventId(),
            oneLine(claim.event().key()),
            claim.pair().org(),
            claim.pair().connector(),
            claim.attempt(),
            outcome.kind().label(),
            settlement.state().name().toLowerCase(java.util.Locale.ROOT),
            outcome.status() == null ? "-" : outcome.status(),
            took.toMillis(),
            next,
            outcome.reason() == null ? "" : " reason=\"" + head(oneLine(outcome.reason())) + '"');
  }

  /** What follows the colon is an exception's or the route's own text: it may quote the body. */
  private static String head(String reason) {
    return reason.split(":", 2)[0];
  }

  void fenced(Settlement settlement) {
    log.warn(
        "event={} org={} connector={} attempt={}: settled too late, another attempt has taken it over",
        settlement.claim().eventId(),
        settlement.claim().pair().org(),
        settlement.claim().pair().connector(),
        settlement.claim().attempt());
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}", " ").replace('"', '\'');
  }
}
