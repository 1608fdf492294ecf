package convor.relay.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.PretendDestinations;
import convor.relay.testing.SlackRoute;
import convor.relay.testing.TestRelay;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The admin port of a relay with one connector, {@code slack}, over real HTTP. */
class AdminApiTest {
  private static final String TOKEN = "an-admin-token-for-tests-0123456789";
  private static final Duration SOON = Duration.ofSeconds(30);
  @TempDir private static Path folder;
  private static PretendDestinations destinations;
  private static TestRelay relay;
  private static AdminPort admin;
  private static int count;

  @BeforeAll
  static void start() {
    destinations = PretendDestinations.start(0);
    relay =
        new TestRelay(folder)
            .route("slack", SlackRoute.YAML)
            .set("relay.admin.token", TOKEN)
            .set("relay.delivery.backoff", "1h")
            .set("relay.orgs.acme.slack.webhook-url", slackUrl())
            .set("relay.orgs.globex.webhook.secrets", "a-globex-signing-secret-for-tests")
            .start();
    admin = new AdminPort(relay.relay().adminPort(), TOKEN);
  }

  private static String slackUrl() {
    return destinations.url(Destination.SLACK) + "/webhook/acme";
  }

  @AfterAll
  static void stop() {
    relay.close();
    destinations.close();
  }

  @AfterEach
  void well() {
    destinations.fault(Destination.SLACK, Fault.NONE);
    admin.act("/api/v1/connectors/slack/acme/resume", "");
  }

  /** Sends an event; returns its key. */
  private static String send(String type) {
    String key = "evt_" + ++count;
    HttpResponse<String> answer =
        relay.send("{\"id\":\"%s\",\"type\":\"%s\",\"data\":{}}".formatted(key, type));
    assertThat(answer.statusCode()).isEqualTo(202);
    return key;
  }

  private static long id(String key) {
    return admin.read("/api/v1/events?key=" + key).at("/events/0/id").asLong();
  }

  private static JsonNode delivery(String key) {
    return admin.read("/api/v1/deliveries?event=" + id(key)).at("/deliveries/0");
  }

  private static void awaitState(String key, String state) {
    await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(delivery(key).path("state").asText()).isEqualTo(state));
  }

  private static JsonNode pair(String org) {
    return admin.read("/api/v1/connectors?connector=slack&org=" + org).at("/connectors/0");
  }

  private static long posted() {
    return destinations.counts(Destination.SLACK).created();
  }

  @Test
  void an_event_is_shown_with_its_body_and_its_deliveries() {
    String key = send("conversation.created");
    awaitState(key, "done");

    JsonNode event = admin.read("/api/v1/events/" + id(key));
    assertThat(event.path("key").asText()).isEqualTo(key);
    assertThat(event.path("org").asText()).isEqualTo("acme");
    assertThat(event.path("source").asText()).isEqualTo("convor");
    assertThat(event.path("type").asText()).isEqualTo("conversation.created");
    assertThat(event.path("body").asText()).contains("\"id\":\"" + key + "\"");
    assertThat(event.at("/deliveries/0/connector").asText()).isEqualTo("slack");
    assertThat(event.at("/deliveries/0/state").asText()).isEqualTo("done");
    assertThat(event.at("/deliveries/0/attempt").asInt()).isEqualTo(1);
  }

  @Test
  void lists_are_newest_first_filtered_and_page_by_page_complete() {
    for (int i = 0; i < 5; i++) {
      awaitState(send("paging.of" + i), ""); // no connector takes it
    }
    List<String> seen = new ArrayList<>();
    String after = "";
    do {
      JsonNode page = admin.read("/api/v1/events?type=paging.*&limit=2" + after);
      page.path("events").forEach(event -> seen.add(event.path("type").asText()));
      after = page.path("next").isNull() ? null : "&after=" + page.path("next").asText();
    } while (after != null);
    assertThat(seen)
        .containsExactly("paging.of4", "paging.of3", "paging.of2", "paging.of1", "paging.of0");
    assertThat(admin.read("/api/v1/events?org=globex").path("events")).isEmpty();
    assertThat(admin.read("/api/v1/events?source=github").path("events")).isEmpty();
    assertThat(admin.read("/api/v1/events?type=paging_of1").path("events")).isEmpty();
  }

  @Test
  void deliveries_are_paged_without_gaps_across_what_is_done_and_what_is_held() {
    String done = send("conversation.paged");
    awaitState(done, "done");
    admin.act("/api/v1/connectors/slack/acme/pause", "");
    String held = send("conversation.paged");
    send("message.created"); // not of its types
    String newest = send("conversation.paged");

    JsonNode first = admin.read("/api/v1/deliveries?connector=slack&limit=1");
    JsonNode second =
        admin.read(
            "/api/v1/deliveries?connector=slack&limit=2&after=" + first.path("next").asText());
    assertThat(first.at("/deliveries/0/key").asText()).isEqualTo(newest);
    assertThat(first.at("/deliveries/0/state").asText()).isEqualTo("held");
    assertThat(second.at("/deliveries/0/key").asText()).isEqualTo(held);
    assertThat(second.at("/deliveries/1/key").asText()).isEqualTo(done);
    assertThat(admin.read("/api/v1/deliveries?state=held").path("deliveries")).hasSize(2);
    assertThat(admin.read("/api/v1/deliveries?state=held&org=globex").path("deliveries")).isEmpty();
    assertThat(pair("acme").path("held").asInt()).isEqualTo(2);
    assertThat(pair("acme").path("pending").asInt()).isEqualTo(2);
    assertThat(pair("acme").path("oldest").isNull()).isFalse();
  }

  @Test
  void a_paused_connector_holds_its_events_and_goes_on_when_it_is_resumed() {
    JsonNode paused =
        admin.act("/api/v1/connectors/slack/acme/pause", "{'reason':'their\\nmaintenance'}");
    assertThat(paused.path("state").asText()).isEqualTo("paused");
    assertThat(paused.path("reason").asText()).isEqualTo("by hand: their maintenance");
    long before = posted();
    String key = send("conversation.created");
    assertThat(delivery(key).path("state").asText()).isEqualTo("held");
    JsonNode health = admin.read("/health");
    await()
        .atMost(SOON)
        .until(() -> admin.read("/health").path("status").asText().equals("degraded"));
    assertThat(admin.read("/health").at("/pairs/0/connector").asText()).isEqualTo("slack");
    assertThat(new AdminPort(admin.port(), null).read("/health").has("pairs")).isFalse();
    assertThat(health.path("store").asText()).isEqualTo("up");
    assertThat(posted()).isEqualTo(before);

    assertThat(admin.act("/api/v1/connectors/slack/acme/resume", "").path("state").asText())
        .isEqualTo("active");
    awaitState(key, "done");
  }

  @Test
  void a_dead_delivery_is_retried_and_counts_its_attempts_on() {
    destinations.fault(Destination.SLACK, Fault.of(Fault.Mode.BAD_REQUEST));
    String key = send("conversation.created");
    awaitState(key, "dead");
    JsonNode dead = delivery(key);
    assertThat(dead.path("status").asInt()).isEqualTo(400);
    assertThat(dead.path("excerpt").asText()).isNotEmpty();
    assertThat(dead.path("dueAt").isNull()).isTrue();
    assertThat(admin.read("/api/v1/deliveries?state=dead").at("/deliveries/0/key").asText())
        .isEqualTo(key);
    assertThat(pair("acme").path("dead").asInt()).isEqualTo(1);

    destinations.fault(Destination.SLACK, Fault.NONE);
    assertThat(
            admin
                .act("/api/v1/deliveries/retry", "{'connector':'slack','org':'acme'}")
                .path("retried")
                .asInt())
        .isEqualTo(1);
    awaitState(key, "done");
    assertThat(delivery(key).path("attempt").asInt()).isEqualTo(2);
    assertThat(pair("acme").path("dead").asInt()).isZero();
  }

  @Test
  void what_waits_for_a_later_attempt_is_retried_at_once() {
    destinations.fault(Destination.SLACK, Fault.of(Fault.Mode.FAIL));
    String key = send("conversation.created");
    awaitState(key, "waiting");
    assertThat(delivery(key).path("dueAt").asText()).isNotEmpty();

    destinations.fault(Destination.SLACK, Fault.NONE);
    assertThat(
            admin
                .act(
                    "/api/v1/deliveries/retry",
                    "{'event':%d,'connector':'slack'}".formatted(id(key)))
                .path("retried")
                .asInt())
        .isEqualTo(1);
    awaitState(key, "done");
  }

  @Test
  void what_is_done_is_replayed() {
    String key = send("conversation.created");
    awaitState(key, "done");
    long before = posted();
    assertThat(
            admin
                .act("/api/v1/deliveries/replay", "{'event':%d}".formatted(id(key)))
                .path("replayed")
                .asInt())
        .isEqualTo(1);
    await().atMost(SOON).until(() -> posted() == before + 1);
    awaitState(key, "done");
    assertThat(
            admin
                .act(
                    "/api/v1/deliveries/replay",
                    "{'connector':'slack','from':%1$d,'to':%1$d}".formatted(id(key)))
                .path("replayed")
                .asInt())
        .isEqualTo(1);
    await().atMost(SOON).until(() -> posted() == before + 2);
  }

  @Test
  void what_cannot_be_retried_is_told_with_its_state() {
    String key = send("conversation.created");
    awaitState(key, "done");
    HttpResponse<String> answer =
        admin.post("/api/v1/deliveries/retry", "{'event':%d}".formatted(id(key)));
    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(AdminPort.json(answer).path("error").asText())
        .isEqualTo("event %d is slack done; dead or waiting can be".formatted(id(key)));
    assertThat(admin.post("/api/v1/deliveries/replay", "{'event':999999}").statusCode())
        .isEqualTo(404);
  }

  @Test
  void a_pair_that_is_not_subscribed_is_listed_with_the_reason() {
    JsonNode globex = pair("globex");
    assertThat(globex.path("subscribed").asBoolean()).isFalse();
    assertThat(globex.path("state").asText()).isEqualTo("not subscribed");
    assertThat(globex.path("reason").asText()).isEqualTo("slack.webhook-url is not set");
    HttpResponse<String> answer = admin.post("/api/v1/connectors/slack/globex/pause", "");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(AdminPort.json(answer).path("error").asText())
        .isEqualTo("there is no slack/globex; there are: slack/acme");
  }

  @Test
  void what_was_turned_away_is_listed_without_its_body() {
    TestRelay.call(
        java.net.http.HttpRequest.newBuilder(relay.uri("/webhooks/acme"))
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"stranger\":1}"))
            .build());
    await()
        .atMost(SOON)
        .until(() -> !admin.read("/api/v1/rejected?org=acme").path("rejected").isEmpty());
    JsonNode rejected = admin.read("/api/v1/rejected?org=acme&limit=1").at("/rejected/0");
    assertThat(rejected.path("reason").asText()).isEqualTo("no-signature");
    assertThat(rejected.path("remote").asText()).isEqualTo("127.0.0.1");
    assertThat(rejected.toString()).doesNotContain("stranger");
  }

  @Test
  void metrics_have_the_documented_names() {
    String key = send("conversation.created");
    awaitState(key, "done");
    String text = admin.get("/metrics").body();
    assertThat(text)
        .contains("relay_webhooks_total{org=\"acme\",result=\"accepted\",source=\"convor\"}")
        .contains("relay_ack_seconds_bucket{")
        .contains("relay_secret_matched_total{index=\"0\",org=\"acme\",source=\"convor\"}")
        .contains("relay_deliveries_total{connector=\"slack\",org=\"acme\",outcome=\"done\"}")
        .contains("relay_delivery_seconds_count{connector=\"slack\"}")
        .contains("relay_oldest_pending_seconds{connector=\"slack\"}")
        .contains("relay_held_events{connector=\"slack\",org=\"acme\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET | /api/v1/events?limit=0 | 400 | limit: must be from 1 to 500",
        "GET | /api/v1/events?limit=ten | 400 | limit: must be a whole number",
        "GET | /api/v1/events?typ=a | 400 | typ: is unknown; known: org, source, type, key, limit, after",
        "GET | /api/v1/events/none | 400 | the event's id: must be a whole number",
        "GET | /api/v1/events/999999 | 404 | there is no event 999999",
        "GET | /api/v1/deliveries?state=lost | 400 | state: must be one of pending, waiting, running, held, done, dead",
        "GET | /api/v1/deliveries?after=7 | 400 | after: must be the `next` of the page before",
        "GET | /api/v1/deliveries/retry | 405 | there is nothing here; there are GET /api/v1/events",
        "GET | / | 404 | there is nothing here",
        "POST | /api/v1/events | 405 | there is nothing here",
        "POST | /api/v1/deliveries/retry | 400 | say which: event, connector, org, or several of them",
        "POST | /api/v1/deliveries/replay | 400 | say which: event, with or without connector; or connector, from and to",
      })
  void what_cannot_be_answered_is_refused_with_what_would_be_right(
      String method, String path, int status, String error) {
    HttpResponse<String> answer = method.equals("GET") ? admin.get(path) : admin.post(path, "");
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(AdminPort.json(answer).path("error").asText()).startsWith(error);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | the body must be a JSON object",
        "{'event': | the body must be a JSON object",
        "{'event':'x'} | event: must be a whole number",
        "{'event':[1]} | event: must be a text or a number",
        "{'connectr':'slack'} | connectr: is unknown; known: event, connector, org",
      })
  void a_body_that_nobody_understands_changes_nothing(String body, String error) {
    HttpResponse<String> answer = admin.post("/api/v1/deliveries/retry", body);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(AdminPort.json(answer).path("error").asText()).startsWith(error);
    assertThat(admin.post("/api/v1/deliveries/retry", "x".repeat(70_000)).statusCode())
        .isEqualTo(413);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/events", "/api/v1/events/1", "/api/v1/deliveries", "/api/v1/connectors",
    "/api/v1/rejected", "/metrics", "/", "/api/v1/nothing"
  })
  void without_the_right_token_nothing_is_told(String path) {
    for (String wrong : new String[] {null, "", "x", TOKEN + "x", TOKEN.substring(1)}) {
      HttpResponse<String> answer = new AdminPort(admin.port(), wrong).get(path);
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
      assertThat(AdminPort.json(answer).path("error").asText()).contains("the admin token");
    }
    assertThat(
            new AdminPort(admin.port(), null)
                .post("/api/v1/connectors/slack/acme/pause", "")
                .statusCode())
        .isEqualTo(401);
  }
}
