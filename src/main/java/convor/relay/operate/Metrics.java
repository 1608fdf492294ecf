package convor.relay.operate;

import convor.relay.store.Backlog;
import convor.relay.store.Backlogs;
import convor.relay.store.CursorStatus;
import convor.relay.store.Cursors;
import convor.relay.store.Pair;
import convor.relay.store.StoreUnavailable;
import convor.relay.store.Subscribed;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Prometheus reads. What must be counted in the store is counted at most once in {@link
 * #FRESH}, however often it is asked.
 */
public final class Metrics {
  private static final Logger log = LoggerFactory.getLogger(Metrics.class);
  static final Duration FRESH = Duration.ofSeconds(5);

  private final PrometheusMeterRegistry registry;
  private final Backlogs backlogs;
  private final Cursors cursors;
  private final Supplier<List<Subscribed>> subscriptions;
  private final InstantSource clock;
  private final MultiGauge oldest;
  private final MultiGauge held;
  private final MultiGauge pollLag;
  private Instant counted = Instant.MIN;

  public Metrics(
      PrometheusMeterRegistry registry,
      Backlogs backlogs,
      Cursors cursors,
      Supplier<List<Subscribed>> subscriptions,
      InstantSource clock) {
    this.registry = registry;
    this.backlogs = backlogs;
    this.cursors = cursors;
    this.subscriptions = subscriptions;
    this.clock = clock;
    oldest =
        MultiGauge.builder("relay.oldest.pending")
            .baseUnit("seconds")
            .description("Age of the oldest event that is neither done nor dead")
            .register(registry);
    held =
        MultiGauge.builder("relay.held.events")
            .description("Events that a paused or parked connector holds")
            .register(registry);
    pollLag =
        MultiGauge.builder("relay.poll.lag")
            .baseUnit("seconds")
            .description("How far the newest record that a poll has read lies back")
            .register(registry);
  }

  /** All metrics in Prometheus' text format. */
  String text() {
    count();
    return registry.scrape();
  }

  private synchronized void count() {
    Instant now = clock.instant();
    if (counted.isAfter(now.minus(FRESH))) {
      return;
    }
    counted = now;
    List<Subscribed> subscribed =
        subscriptions.get().stream().filter(one -> one.missing() == null).toList();
    Set<Pair> pairs = subscribed.stream().map(Subscribed::pair).collect(Collectors.toSet());
    try {
      // What a connector left behind that is no more is not late.
      register(
          backlogs.all(subscribed).stream().filter(one -> pairs.contains(one.pair())).toList(),
          now);
      register(cursors.all(now), now, pollLag);
    } catch (StoreUnavailable e) {
      log.warn("the backlog was not counted: {}", e.getMessage());
      register(List.of(), now); // better no number than an old one
      register(List.of(), now, pollLag);
    }
  }

  private static void register(List<CursorStatus> polls, Instant now, MultiGauge lag) {
    List<MultiGauge.Row<?>> rows = new ArrayList<>();
    for (CursorStatus poll : polls) {
      Instant newest = poll.place().highWater();
      if (newest != null) {
        Tags tags = Tags.of("org", poll.org(), "poll", poll.poll());
        rows.add(MultiGauge.Row.of(tags, Duration.between(newest, now).toSeconds()));
      }
    }
    lag.register(rows, true);
  }

  private void register(List<Backlog> all, Instant now) {
    Map<String, Double> seconds = new TreeMap<>();
    for (Backlog one : all) {
      Instant since = one.oldest();
      double age = since == null ? 0 : Duration.between(since, now).toMillis() / 1000.0;
      seconds.merge(one.pair().connector(), Math.max(0, age), Math::max);
    }
    oldest.register(
        seconds.entrySet().stream()
            .<MultiGauge.Row<?>>map(
                row -> MultiGauge.Row.of(Tags.of("connector", row.getKey()), row.getValue()))
            .toList(),
        true);
    held.register(
        all.stream()
            .<MultiGauge.Row<?>>map(
                one ->
                    MultiGauge.Row.of(
                        Tags.of("connector", one.pair().connector(), "org", one.pair().org()),
                        one.held()))
            .toList(),
        true);
  }
}
