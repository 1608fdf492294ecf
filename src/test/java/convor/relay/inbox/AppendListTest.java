package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.TestRelay;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.ExchangeBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code inbox:append} with a list of exchanges, as Camel's batching consumers give it. */
class AppendListTest {
  @TempDir Path folder;
  private final List<Exchange> list = new ArrayList<>();
  private TestRelay relay;

  @BeforeEach
  void start() {
    relay = new TestRelay(folder).start();
  }

  @AfterEach
  void close() {
    relay.close();
  }

  private Exchange event(String key) {
    Exchange exchange =
        ExchangeBuilder.anExchange(relay.relay().camelContext())
            .withBody("{}".getBytes(StandardCharsets.UTF_8))
            .withHeader(Headers.ORG, "acme")
            .withHeader(Headers.SOURCE, "convor")
            .withHeader(Headers.KEY, key)
            .withHeader(Headers.TYPE, "note")
            .build();
    list.add(exchange);
    return exchange;
  }

  private void append() {
    try (ProducerTemplate template = relay.relay().camelContext().createProducerTemplate()) {
      template.sendBody("inbox:append", list);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void all_are_stored_in_their_order_and_each_is_told_whether_it_was_there() {
    event("a");
    append();
    event("c");
    event("b");
    event("c");
    append();
    assertThat(relay.rows("select event_key from event order by id"))
        .containsExactly("a", "c", "b");
    assertThat(list)
        .extracting(one -> one.getMessage().getHeader(Headers.DUPLICATE))
        .containsExactly(true, false, false, true);
  }

  @Test
  void what_is_no_event_gets_an_exception_and_keeps_no_other_back() {
    event("a");
    Exchange keyless = event("");
    Exchange timeless = event("b");
    timeless.getMessage().setHeader(Headers.RECEIVED_AT, "yesterday");
    Exchange odd = event("c");
    odd.getMessage().setHeader(Headers.REQUEST_HEADERS, "[1]");
    Exchange tooLong = event("d");
    tooLong.getMessage().setHeader(Headers.TYPE, "x".repeat(129));
    event("e");
    append();
    assertThat(relay.rows("select event_key from event order by id")).containsExactly("a", "e");
    assertThat(list.stream().filter(one -> one.getException() != null))
        .containsExactly(keyless, timeless, odd, tooLong);
  }

  @Test
  void what_went_through_kafka_is_stored_as_it_was_received() {
    RecordHeaders kafka = new RecordHeaders();
    Exchange exchange = event("évt_1");
    Map<String, Object> sent =
        Map.of(
            Headers.KEY,
            "évt_1",
            Headers.RECEIVED_AT,
            Instant.ofEpochMilli(1_700_000_000_123L),
            Headers.REQUEST_HEADERS,
            Map.of("content-type", "text/plain; q=\"ü\""));
    sent.forEach(
        (name, value) ->
            exchange
                .getMessage()
                .setHeader(name, kafka.deserialize(name, kafka.serialize(name, value))));
    append();
    assertThat(relay.rows("select event_key, received_at, headers from event"))
        .containsExactly("évt_1 1700000000123 {\"content-type\":\"text/plain; q=\\\"ü\\\"\"}");
  }
}
