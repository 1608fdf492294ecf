package convor.relay.receive;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import convor.relay.inbox.Headers;
import convor.relay.verify.Verdict.Rejected;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code process: answer}. Says to the sender what became of the event; of a failure only that it
 * should come back.
 */
public final class Answer implements Processor {
  private static final Logger log = LoggerFactory.getLogger(Answer.class);
  private static final int UNAUTHORIZED = 401;

  private final StoredKeys storedKeys;
  private final String retryAfter;
  private final MeterRegistry metrics;
  private final Timer ack;
  private final InstantSource clock;

  public Answer(
      StoredKeys storedKeys, WebhookLimits limits, MeterRegistry metrics, InstantSource clock) {
    this.storedKeys = storedKeys;
    this.retryAfter = limits.retryAfterSeconds();
    this.metrics = metrics;
    this.ack = Timer.builder("relay.ack").publishPercentileHistogram().register(metrics);
    this.clock = clock;
  }

  /** The key under which {@link StoredKeys} knows an event; the receive route builds the same. */
  static String repositoryKey(Message message) {
    return message.getHeader(Headers.ORG)
        + "/"
        + message.getHeader(Headers.SOURCE)
        + "/"
        + message.getHeader(Headers.KEY);
  }

  @Override
  public void process(Exchange exchange) {
    Message message = exchange.getMessage();
    Throwable failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    String key = message.getHeader(Headers.KEY, String.class);
    if (failure != null) {
      log.error(
          "org={} key={} was not acknowledged: {}",
          message.getHeader(Headers.ORG),
          key,
          requireNonNullElse(failure.getMessage(), failure.toString()));
      count(message, "unavailable");
      respond(exchange, 503, json("unavailable", "come back later"));
      message.setHeader("Retry-After", retryAfter);
      return;
    }
    boolean duplicate =
        exchange.getProperty(Exchange.DUPLICATE_MESSAGE, false, Boolean.class)
            || message.getHeader(Headers.DUPLICATE, false, Boolean.class);
    storedKeys.committed(repositoryKey(message));
    Instant receivedAt = message.getHeader(Headers.RECEIVED_AT, Instant.class);
    ack.record(Duration.between(receivedAt, clock.instant()));
    String status = duplicate ? "duplicate" : "accepted";
    count(message, status);
    respond(
        exchange,
        duplicate ? 200 : 202,
        "{\"status\":\"" + status + "\",\"id\":\"" + escaped(key) + "\"}");
  }

  private void count(Message message, String result) {
    metrics
        .counter(
            "relay.webhooks",
            "org",
            message.getHeader(Headers.ORG, "-", String.class),
            "source",
            message.getHeader(Headers.SOURCE, "-", String.class),
            "result",
            result)
        .increment();
  }

  /**
   * The same body and headers for everything that is 401; the reason where the sender could sign.
   */
  static void rejected(Exchange exchange, Rejected rejected) {
    int status = rejected.reason().status();
    respond(
        exchange,
        status,
        status == UNAUTHORIZED ? "{\"status\":\"rejected\"}" : json("rejected", rejected.detail()));
    exchange.setRouteStop(true);
  }

  private static void respond(Exchange exchange, int status, String json) {
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
    message.setHeader(Exchange.CONTENT_TYPE, "application/json");
    message.setBody(json.getBytes(StandardCharsets.UTF_8)); // bytes: Content-Length, not chunks
  }

  static String json(String status, String reason) {
    return "{\"status\":\"%s\",\"reason\":\"%s\"}".formatted(status, escaped(reason));
  }

  private static String escaped(String text) {
    return new String(JsonStringEncoder.getInstance().quoteAsString(text));
  }
}
