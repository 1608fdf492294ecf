package convor.relay.receive;

import convor.relay.store.RejectedLog;
import convor.relay.store.Rejection;
import convor.relay.verify.Source;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.http.HttpServerRequest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and keeps what is turned away, so that a stranger's flood neither fills the disk nor
 * delays anybody: written in the background from a bounded queue, a bounded number per organization
 * and minute, the newest per organization kept.
 */
public final class Rejections implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Rejections.class);
  private static final int QUEUE = 1_000;
  private static final int MAX_DETAIL = 500;

  /** The organization under which the strangers' requests are kept. */
  static final String NOBODY = "-";

  /** Of a request, what is kept. */
  record Request(String org, String source, String remote, long bodyBytes) {
    static Request of(String path, HttpServerRequest request, long bodyBytes) {
      WebhookPath named = WebhookPath.parse(path);
      return new Request(
          named.org(),
          named.source(),
          request.remoteAddress() == null ? "?" : request.remoteAddress().hostAddress(),
          bodyBytes);
    }
  }

  private final RejectedLog rejectedLog;
  private final WebhookLimits limits;
  private final Map<String, Map<String, Source>> sources;
  private final MeterRegistry metrics;
  private final InstantSource clock;
  private final BlockingQueue<Rejection> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Map<String, Integer> thisMinute = new ConcurrentHashMap<>();
  private final ScheduledExecutorService writer =
      Executors.newSingleThreadScheduledExecutor(runnable -> new Thread(runnable, "rejected"));
  private long minute;

  public Rejections(
      RejectedLog rejectedLog,
      WebhookLimits limits,
      Map<String, Map<String, Source>> sources,
      MeterRegistry metrics,
      InstantSource clock) {
    this.rejectedLog = rejectedLog;
    this.limits = limits;
    this.sources = sources;
    this.metrics = metrics;
    this.clock = clock;
    var unused = writer.scheduleWithFixedDelay(this::writeOnce, 1, 1, TimeUnit.SECONDS);
  }

  void rejected(Request request, String reason, String detail) {
    String org = sources.containsKey(request.org()) ? request.org() : NOBODY;
    String source = source(request);
    metrics.counter("relay.rejected", "reason", reason).increment();
    metrics
        .counter("relay.webhooks", "org", org, "source", source, "result", "rejected")
        .increment();
    if (thisMinute.merge(org, 1, Integer::sum) <= limits.rejectedPerMinute()) {
      String text = detail.length() <= MAX_DETAIL ? detail : detail.substring(0, MAX_DETAIL);
      queue.offer( // when it is full, counting has to do
          new Rejection(
              org, source, clock.instant(), reason, text, request.remote(), request.bodyBytes()));
      log.warn(
          "rejected org={} source={} remote={} reason={}: {}",
          org,
          source,
          request.remote(),
          reason,
          text);
    }
  }

  /** A stranger's words get into no metric, log line or row. */
  private String source(Request request) {
    boolean known = sources.getOrDefault(request.org(), Map.of()).containsKey(request.source());
    return known ? request.source() : NOBODY;
  }

  private void writeOnce() {
    long now = clock.millis() / 60_000;
    if (now != minute) {
      minute = now;
      thisMinute.clear();
    }
    List<Rejection> batch = new ArrayList<>();
    queue.drainTo(batch);
    try {
      if (!batch.isEmpty()) {
        rejectedLog.add(batch, limits.rejectedPerOrg());
      }
    } catch (RuntimeException e) { // thrown, it would end the schedule
      log.warn("{} rejected requests were not written: {}", batch.size(), e.getMessage());
    }
  }

  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(5, TimeUnit.SECONDS)) {
        log.warn("the rejected log was not written to the end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    writeOnce();
  }
}
