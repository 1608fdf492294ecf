package convor.relay.receive;

import convor.relay.inbox.Headers;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.InvalidPayloadException;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.component.kafka.consumer.KafkaManualCommit;

/**
 * {@code process: settleRecords}. After {@code inbox:append} has taken a batch from Kafka: counts,
 * puts what is no event into the rejected log, and tells Kafka how far each partition is stored.
 * Camel would tell it how far it has <em>read</em>: with a batch in the making that is further.
 */
public final class SettleRecords implements Processor {
  private final Rejections rejections;
  private final MeterRegistry metrics;
  private final Timer delay;
  private final InstantSource clock;

  public SettleRecords(Rejections rejections, MeterRegistry metrics, InstantSource clock) {
    this.rejections = rejections;
    this.metrics = metrics;
    this.delay = Timer.builder("relay.intake").publishPercentileHistogram().register(metrics);
    this.clock = clock;
  }

  @Override
  public void process(Exchange exchange) throws InvalidPayloadException {
    Map<Object, KafkaManualCommit> ends = new LinkedHashMap<>();
    for (Object one : exchange.getMessage().getMandatoryBody(List.class)) {
      Exchange record = (Exchange) one;
      settle(record);
      Message message = record.getMessage();
      ends.put(
          message.getHeader(KafkaConstants.PARTITION),
          message.getHeader(KafkaConstants.MANUAL_COMMIT, KafkaManualCommit.class));
    }
    ends.values().forEach(KafkaManualCommit::commit);
  }

  private void settle(Exchange record) {
    Message message = record.getMessage();
    if (record.getException() != null) {
      count("rejected");
      rejections.rejected(
          request(message), "no-event", where(message) + record.getException().getMessage());
      return;
    }
    count(message.getHeader(Headers.DUPLICATE, false, Boolean.class) ? "duplicate" : "stored");
    String receivedAt = message.getHeader(Headers.RECEIVED_AT, String.class);
    if (receivedAt != null) {
      delay.record(Duration.between(Instant.parse(receivedAt), clock.instant()));
    }
  }

  private static Rejections.Request request(Message message) {
    byte[] body = message.getBody(byte[].class);
    return new Rejections.Request(
        message.getHeader(Headers.ORG, "", String.class),
        message.getHeader(Headers.SOURCE, "", String.class),
        "kafka",
        body == null ? 0 : body.length);
  }

  private static String where(Message message) {
    return "%s-%s at %s: "
        .formatted(
            message.getHeader(KafkaConstants.TOPIC),
            message.getHeader(KafkaConstants.PARTITION),
            message.getHeader(KafkaConstants.OFFSET));
  }

  private void count(String result) {
    metrics.counter("relay.intake.records", "result", result).increment();
  }
}
