package convor.relay.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.ListApi;
import convor.relay.testing.Target;
import convor.relay.testing.TestRelay;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped polls, against an API on a real socket. */
class PollTest {
  private static final String KEY = "acme-api-key-for-tests";
  private static final Instant T = Instant.parse("2026-11-01T10:00:00Z");

  @TempDir Path folder;
  private final ListApi api = new ListApi();
  private final Target target = new Target();
  private TestRelay relay;

  @BeforeEach
  void prepare() {
    relay =
        new TestRelay(folder)
            .shippedRoute("poll")
            .set("relay.orgs.acme.api.base-url", api.url())
            .set("relay.orgs.acme.api.key", KEY)
            .route("all", target.route("all", "startFrom: earliest"));
    conversations();
  }

  private void conversations() {
    relay
        .shippedRoute("poll-conversations")
        .set("relay.poll.conversations.start", "beginning")
        .set("relay.poll.conversations.period", "1s")
        .set("relay.poll.conversations.page-size", "3")
        .set("relay.poll.conversations.pause", "1ms");
  }

  @AfterEach
  void close() {
    relay.close();
    target.close();
    api.close();
  }

  private static String conversation(String event, String id, Instant at) {
    return """
        {"id":"%s","type":"conversation.closed","data":{"conversation":{"id":"%s","updated_at":"%s"}}}"""
        .formatted(event, id, at);
  }

  @Test
  void what_no_webhook_brought_becomes_an_event_and_what_one_brought_does_not() {
    for (int i = 0; i < 10; i++) {
      api.put(KEY, "c_" + i, T.plusSeconds(i));
    }
    relay.start();
    relay.accept("acme", TestRelay.SECRET, conversation("evt_3", "c_3", T.plusSeconds(3)));
    await().until(() -> api.asked().size() > 3);
    await().until(() -> relay.rows("select event_key from event").size() == 10);
    assertThat(relay.rows("select source, subject, version, type from event order by subject"))
        .contains("convor conversation/c_3 2026-11-01T10:00:03Z conversation.closed")
        .contains("conversations conversation/c_4 2026-11-01T10:00:04Z conversation.changed")
        .hasSize(10);
    await().until(() -> target.calls().size() == 10);
    assertThat(target.calls("conversation/c_4@2026-11-01T10:00:04Z"))
        .singleElement()
        .satisfies(call -> assertThat(call.body()).contains("\"conversation\":{\"id\":\"c_4\""));
    assertThat(api.asked()).allMatch(ask -> ask.key().equals(KEY));
    assertThat(List.of("done")).isNotEmpty();
  }
}
