package convor.relay.poll;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.ListApi;
import convor.relay.testing.Target;
import convor.relay.testing.TestClock;
import convor.relay.testing.TestRelay;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped polls, against an API on a real socket. */
class PollTest {
  private static final String KEY = "acme-api-key-for-tests";
  private static final Instant T = Instant.parse("2026-11-01T10:00:00Z");

  @TempDir Path folder;

  private static ConditionFactory await() {
    return Awaitility.await().atMost(Duration.ofSeconds(60));
  }

  private final ListApi api = new ListApi();
  private final Target target = new Target();
  private final TestClock clock = new TestClock();
  private TestRelay relay;

  @BeforeEach
  void prepare() {
    relay =
        new TestRelay(folder)
            .clock(clock)
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

  private static String key(String id, int second) {
    return "conversation/" + id + "@" + T.plusSeconds(second);
  }

  private long calls(String connector, String event) {
    return target.calls(event).stream().filter(call -> call.path().equals("/" + connector)).count();
  }

  @Test
  void what_no_webhook_brought_becomes_an_event_and_what_one_brought_does_not() {
    for (int i = 0; i < 10; i++) {
      api.put(KEY, "c_" + i, T.plusSeconds(i));
    }
    relay.set("relay.poll.conversations.start", "2026-11-01").start();
    relay.accept("acme", TestRelay.SECRET, conversation("evt_3", "c_3", T.plusSeconds(3)));
    await().until(() -> relay.rows("select event_key from event").size() == 10);
    assertThat(relay.rows("select source, subject, version, type from event order by subject"))
        .contains("convor conversation/c_3 2026-11-01T10:00:03Z conversation.closed")
        .contains("conversations conversation/c_4 2026-11-01T10:00:04Z conversation.changed")
        .hasSize(10);
    await().until(() -> target.calls().size() == 10);
    assertThat(target.calls(key("c_4", 4)))
        .singleElement()
        .satisfies(call -> assertThat(call.body()).contains("\"conversation\":{\"id\":\"c_4\""));
    assertThat(api.asked()).allMatch(ask -> ask.key().equals(KEY));
    assertThat(api.asked().get(0).query())
        .as("the start, less the overlap")
        .containsEntry("updated_since", "2026-10-31T23:55:00Z");
  }

  @Test
  void a_webhook_that_comes_after_the_recovery_is_news_only_to_those_who_care_about_events() {
    api.put(KEY, "c_1", T);
    relay.route("state", target.route("state", "startFrom: earliest, dedupe: version")).start();
    await().until(() -> calls("state", key("c_1", 0)) == 1 && calls("all", key("c_1", 0)) == 1);

    String late = conversation("evt_late", "c_1", T).replace("10:00:00Z", "11:00:00.000+01:00");
    relay.accept("acme", TestRelay.SECRET, late);
    relay.accept("acme", TestRelay.SECRET, conversation("evt_new", "c_1", T.plusSeconds(9)));
    await().until(() -> calls("state", "evt_new") == 1);
    await().until(() -> calls("all", "evt_new") == 1 && calls("all", "evt_late") == 1);
    assertThat(calls("state", "evt_late")).isZero();
    await()
        .until(
            () ->
                relay
                    .rows("select state from delivery where connector = 'state'")
                    .equals(List.of("done", "done", "done")));
    assertThat(
            relay.rows("select reason from delivery where connector = 'state' order by event_id"))
        .containsExactly("null", "the same version as event 1", "null");
  }

  @Test
  void every_third_webhook_is_lost_and_every_last_version_reaches_every_connector_once() {
    relay
        .route("state", target.route("state", "startFrom: earliest, dedupe: version"))
        .set("relay.poll.conversations.page-size", "50")
        .start();
    for (int i = 0; i < 60; i++) {
      String id = "c_" + i % 20;
      Instant at = T.plusSeconds(i);
      api.put(KEY, id, at);
      if (i % 3 != 0) {
        relay.accept("acme", TestRelay.SECRET, conversation("evt_" + i, id, at));
      }
    }
    await()
        .until(
            () ->
                relay
                    .rows("select version from event where type = 'conversation.changed'")
                    .contains(T.plusSeconds(57).toString()));
    for (ListApi.Row row : api.rows(KEY)) {
      String version = row.id() + "\",\"updated_at\":\"" + row.at() + "\"";
      for (String connector : List.of("/all", "/state")) {
        await()
            .untilAsserted(
                () ->
                    assertThat(target.calls())
                        .filteredOn(call -> call.path().equals(connector))
                        .filteredOn(call -> call.body().contains(version))
                        .as(connector + " " + row)
                        .hasSize(1));
      }
    }
  }

  @Test
  void what_changes_between_two_pages_is_seen_in_its_last_version() {
    for (int i = 0; i < 9; i++) {
      api.put(KEY, "c_" + i, T.plusSeconds(i));
    }
    api.answers(
        (ask, response) -> {
          if (ask.query().containsKey("cursor")) {
            api.put(KEY, "c_0", T.plusSeconds(100)); // the first page has it already
            api.put(KEY, "c_8", T.plusSeconds(100)); // the last page would have had it
          }
          return false;
        });
    relay.start();
    await().until(() -> relay.rows("select event_key from event").size() == 10);
    assertThat(relay.rows("select event_key from event"))
        .contains(key("c_0", 0), key("c_0", 100), key("c_8", 100))
        .doesNotContain(key("c_8", 8));
  }

  @Test
  void an_expired_cursor_falls_back_to_the_newest_time_and_says_so() {
    for (int i = 0; i < 9; i++) {
      api.put(KEY, "c_" + i, T.plusSeconds(i));
    }
    relay.start();
    await().until(() -> relay.rows("select event_key from event").size() == 9);
    api.answers(
        (ask, response) -> {
          if (ask.query().containsKey("cursor")) {
            ListApi.json(response, 410, "{}");
          }
          return ask.query().containsKey("cursor");
        });
    await()
        .until(
            () ->
                relay
                    .rows("select reason from cursor")
                    .toString()
                    .contains(
                        "the API refused the cursor (HTTP 410); it goes on from 2026-11-01T09:55:08Z"));
    api.behaves();
    api.put(KEY, "c_9", T.plusSeconds(9));
    await().until(() -> relay.rows("select event_key from event").size() == 10);
    await().until(() -> relay.rows("select reason, failures from cursor").contains("null 0"));
    assertThat(api.asked())
        .anyMatch(ask -> "2026-11-01T09:55:08Z".equals(ask.query().get("updated_since")));
  }

  @Test
  void a_list_without_cursors_is_read_by_time_with_more_of_one_time_than_a_page() {
    relay
        .set("relay.poll.conversations.kind", "since")
        .set("relay.poll.conversations.path", "/v1/rows?order=time")
        .set("relay.poll.conversations.page-size", "100");
    for (int i = 0; i < 10_000; i++) {
      api.put(KEY, "c_%05d".formatted(i), T);
    }
    api.put(KEY, "c_later", T.plusSeconds(1));
    relay.start();
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> relay.rows("select event_key from event").size() == 10_001);
    assertThat(api.asked().get(0).query()).containsEntry("order", "time");
    assertThat(api.asked().size()).as("pages grow").isLessThan(40);
  }

  @Test
  void more_of_one_time_than_the_api_gives_at_once_is_an_error_that_says_what_is_needed() {
    relay
        .set("relay.poll.conversations.kind", "since")
        .set("relay.poll.conversations.path", "/rows");
    for (int i = 0; i < 8; i++) {
      api.put(KEY, "c_" + i, T);
    }
    api.most(5);
    relay.start();
    await()
        .until(
            () ->
                relay
                    .rows("select reason from cursor")
                    .toString()
                    .contains("more than 5 records have the time 2026-11-01T10:00:00Z"));
    assertThat(relay.rows("select event_key from event")).hasSize(3);
    api.most(100);
    await().until(() -> relay.rows("select event_key from event").size() == 8);
  }

  @Test
  void clocks_that_differ_by_minutes_lose_nothing() {
    Instant now = Instant.now();
    relay
        .set("relay.poll.conversations.kind", "since")
        .set("relay.poll.conversations.path", "/rows");
    relay.set("relay.poll.conversations.start", "now");
    api.put(KEY, "slow", now.minus(Duration.ofMinutes(4))); // by a clock four minutes behind ours
    relay.start();
    await().until(() -> relay.rows("select subject from event").contains("conversation/slow"));
    api.put(KEY, "fast", now.plus(Duration.ofMinutes(4))); // too young for as long
    await().until(() -> metric("deferred") > 0);
    api.put(KEY, "slower", now.minus(Duration.ofMinutes(3)));
    await().until(() -> relay.rows("select subject from event").contains("conversation/slower"));
    assertThat(relay.rows("select subject from event")).doesNotContain("conversation/fast");
    clock.forward(Duration.ofMinutes(6));
    await().until(() -> relay.rows("select subject from event").contains("conversation/fast"));
    assertThat(relay.rows("select subject from event")).hasSize(3);
  }

  private double metric(String result) {
    String start =
        "relay_poll_records_total{org=\"acme\",poll=\"conversations\",result=\"" + result;
    String metrics =
        TestRelay.call(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + relay.relay().adminPort() + "/metrics"))
                    .build())
            .body();
    return metrics
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Test
  void an_api_that_hangs_delays_no_other_organization() {
    relay
        .set("relay.orgs.globex.api.base-url", api.url())
        .set("relay.orgs.globex.api.key", "globex-api-key-for-tests");
    api.put(KEY, "c_1", T);
    api.answers((ask, response) -> ask.key().startsWith("globex"));
    relay.start();
    await().until(() -> api.asked().stream().anyMatch(ask -> ask.key().startsWith("globex")));
    for (int i = 2; i < 5; i++) {
      String id = "c_" + i;
      api.put(KEY, id, T.plusSeconds(i));
      await().until(() -> relay.rows("select subject from event").contains("conversation/" + id));
    }
    assertThat(api.asked()).filteredOn(ask -> ask.key().startsWith("globex")).hasSize(1);
  }

  @Test
  void a_refused_key_pauses_its_organization_until_it_is_resumed() {
    api.put(KEY, "c_1", T);
    api.answers(
        (ask, response) -> {
          ListApi.json(response, 401, "{}");
          return true;
        });
    relay.start();
    await()
        .until(
            () ->
                relay
                    .rows("select state, reason from cursor")
                    .contains("paused refused: HTTP 401"));
    HttpResponse<String> health =
        TestRelay.call(HttpRequest.newBuilder(relay.uri("/health")).build());
    assertThat(health.body()).contains("\"status\":\"degraded\"", "\"pausedPolls\":1");
    assertThat(api.asked()).hasSize(1);

    relay.close();
    api.behaves();
    relay.start();
    await().until(() -> relay.rows("select state from cursor").equals(List.of("paused")));
    relay.close();
    relay.set("relay.orgs.acme.api.key", KEY + "-2").start();
    api.put(KEY + "-2", "c_1", T);
    await().until(() -> relay.rows("select subject from event").contains("conversation/c_1"));
  }

  @Test
  void messages_are_known_by_their_id_in_the_events_of_webhooks() {
    relay.shippedRoute("poll-messages").set("relay.poll.messages.start", "beginning");
    relay.set("relay.poll.messages.period", "1s").set("relay.poll.messages.time", "/updated_at");
    api.put(KEY, "m_1", T);
    api.put(KEY, "m_2", T.plusSeconds(1));
    api.answers(
        (ask, response) -> {
          boolean other = ask.path().equals("/v1/conversations");
          if (other) {
            ListApi.json(response, 200, "{\"data\":[],\"has_more\":false}");
          }
          return other;
        });
    relay.start();
    relay.accept(
        "acme",
        TestRelay.SECRET,
        """
        {"id":"evt_1","type":"message.created","data":{"message":{"id":"m_1","text":"hello"}}}""");
    await().until(() -> relay.rows("select subject from event").contains("message/m_2"));
    assertThat(
            relay.rows("select subject, version, type, source from event where source <> 'convor'"))
        .containsExactly("message/m_2 null message.recovered messages");
  }
}
