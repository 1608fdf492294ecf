package convor.relay.inbox;

import static convor.relay.testing.Target.answersHalf;
import static convor.relay.testing.Target.closes;
import static convor.relay.testing.Target.first;
import static convor.relay.testing.Target.hangs;
import static convor.relay.testing.Target.status;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Target;
import convor.relay.testing.Target.Call;
import convor.relay.testing.TestClock;
import convor.relay.testing.TestRelay;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A relay and a destination: what each end of a call becomes. */
class DeliveryTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String OTHER_SECRET = "another-signing-secret-for-tests";

  @TempDir Path folder;
  private final TestClock clock = new TestClock();
  private final Target target = new Target();
  private TestRelay relay;

  @BeforeEach
  void settings() {
    relay =
        new TestRelay(folder)
            .clock(clock)
            .set("relay.delivery.backoff", "20ms")
            .set("relay.delivery.drain-timeout", "1s");
  }

  @AfterEach
  void close() {
    relay.close();
    target.close();
  }

  private void start(String parameters) {
    relay.route("crm", target.route("crm", parameters)).start();
  }

  private String delivery(String event, String columns) {
    List<String> rows =
        relay.rows(
            "select %s from delivery d join event e on e.id = d.event_id where event_key = '%s' and connector = 'crm'"
                .formatted(columns, event));
    return rows.isEmpty() ? "" : rows.get(0);
  }

  private String pair(String columns) {
    return relay
        .rows("select " + columns + " from connector where name = 'crm' and org = 'acme'")
        .get(0);
  }

  private void awaitDelivery(String event, String columns, String values) {
    await()
        .atMost(LONG)
        .untilAsserted(() -> assertThat(delivery(event, columns)).isEqualTo(values));
  }

  private void awaitPair(String columns, String values) {
    await().atMost(LONG).untilAsserted(() -> assertThat(pair(columns)).isEqualTo(values));
  }

  private String health() {
    return TestRelay.call(HttpRequest.newBuilder(relay.uri("/health")).build()).body();
  }

  @Test
  void an_event_reaches_the_destination_once_and_is_done() {
    start("");
    relay.accept("e1", "conversation.created");
    awaitDelivery("e1", "state, attempt, outcome_unknown", "done 1 false");
    assertThat(target.calls()).hasSize(1);
    Call call = target.calls().get(0);
    assertThat(call.org()).isEqualTo("acme");
    assertThat(call.attempt()).isEqualTo(1);
    assertThat(call.unknown()).isFalse();
    assertThat(call.key()).matches("[0-9a-f]{32}");
    assertThat(call.body()).isEqualTo("{\"id\":\"e1\",\"type\":\"conversation.created\"}");
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503, 408, 425})
  void a_failure_that_may_pass_is_retried_with_the_same_key(int status) {
    target.answers(first(status(status), status(200)));
    start("");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state, attempt", "done 2");
    List<Call> calls = target.calls("e1");
    assertThat(calls).extracting(Call::attempt).containsExactly(1, 2);
    assertThat(calls).extracting(Call::unknown).containsExactly(false, false);
    assertThat(calls).extracting(Call::key).containsOnly(calls.get(0).key());
  }

  @Test
  void a_destination_that_is_not_there_is_a_failure_that_may_pass() {
    relay.set("relay.delivery.backoff", "1h");
    relay
        .route(
            "crm", target.route("crm", "").replaceAll("http://127[^?]*", "http://127.0.0.1:1/gone"))
        .start();
    relay.accept("e1", "t");
    awaitDelivery("e1", "state, attempt, outcome_unknown", "waiting 1 false");
    assertThat(delivery("e1", "reason")).startsWith("HttpHostConnectException");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void after_429_the_whole_pair_waits_as_long_as_asked_and_no_attempt_is_spent(boolean asDate) {
    String hour =
        asDate
            ? RFC_1123_DATE_TIME.format(clock.instant().plusSeconds(3600).atOffset(ZoneOffset.UTC))
            : "3600";
    target.answers(status(429, "Retry-After", hour));
    relay.route("other", target.route("other", ""));
    target.answers(
        (call, response) ->
            (call.path().equals("/crm") ? status(429, "Retry-After", hour) : status(200))
                .accept(call, response));
    start("concurrency: 1");
    relay.accept("e1", "t");
    awaitPair("reason", "limited: HTTP 429");
    relay.accept("e2", "t");
    await().atMost(LONG).until(() -> target.calls("e2").size() == 1); // by the other connector
    clock.forward(Duration.ofMinutes(59));
    relay.accept("e3", "t");
    await().atMost(LONG).until(() -> target.calls("e3").size() == 1);
    assertThat(target.calls()).filteredOn(call -> call.path().equals("/crm")).hasSize(1);

    target.answers(status(200));
    clock.forward(Duration.ofMinutes(2));
    for (String event : List.of("e1", "e2", "e3")) {
      awaitDelivery(event, "state, attempt", "done 1");
    }
    assertThat(pair("state, reason, wait_until")).isEqualTo("active null null");
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void a_refusal_pauses_the_pair_until_the_setting_changes(int status) {
    target.answers(status(status));
    relay.set("relay.orgs.acme.crm.token", "a-token-that-is-wrong");
    start("requires: crm.token");
    relay.accept("e1", "t");
    awaitPair("state, reason", "paused refused: HTTP " + status);
    relay.accept("e2", "t");
    await().atMost(LONG).until(() -> health().contains("\"status\":\"degraded\""));

    target.answers(status(200));
    relay.close();
    relay.start();
    relay.accept("e3", "t");
    assertThat(pair("state")).isEqualTo("paused");
    assertThat(target.calls()).hasSize(1);

    relay.close();
    relay.set("relay.orgs.acme.crm.token", "the-right-token").start();
    for (String event : List.of("e1", "e2", "e3")) {
      awaitDelivery(event, "state, attempt", "done 1");
    }
    await().atMost(LONG).until(() -> health().contains("\"status\":\"up\""));
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 400, 404, 410, 422})
  void what_will_never_succeed_is_dead_after_one_attempt(int status) {
    target.answers(status(status, "Location", "/elsewhere"));
    start("");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state, attempt, status, reason", "dead 1 " + status + " HTTP " + status);
    assertThat(target.calls()).hasSize(1);
  }

  @Test
  void of_a_dead_deliverys_answer_a_redacted_and_capped_excerpt_is_kept() {
    target.answers(
        (call, response) ->
            response.setStatusCode(404).end("no token-of-acme here " + "x".repeat(100_000)));
    relay.set("relay.orgs.acme.crm.token", "token-of-acme").set("relay.delivery.excerpt", "60");
    start("requires: crm.token");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state", "dead");
    assertThat(delivery("e1", "excerpt")).startsWith("no *** here xxx").hasSize(61).endsWith("…");
  }

  @Test
  void an_attempt_that_times_out_may_have_arrived_and_the_next_is_told_so() {
    target.answers(first(hangs(), status(200)));
    start("timeout: 1s");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state, attempt, outcome_unknown", "done 2 false");
    assertThat(target.calls("e1")).extracting(Call::unknown).containsExactly(false, true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"closes", "half"})
  void a_call_without_a_whole_answer_may_have_arrived_and_the_next_is_told_so(String how) {
    target.answers(first(how.equals("half") ? answersHalf() : closes(), status(200)));
    start("");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state", "done");
    assertThat(target.calls("e1")).extracting(Call::unknown).containsExactly(false, true);
    assertThat(target.calls("e1")).extracting(Call::attempt).containsExactly(1, 2);
  }

  @Test
  void what_may_have_arrived_once_stays_so_over_later_failures() {
    target.answers(
        (call, response) ->
            (call.attempt() == 1 ? closes() : status(call.attempt() == 2 ? 503 : 200))
                .accept(call, response));
    start("");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state", "done");
    assertThat(target.calls("e1")).extracting(Call::unknown).containsExactly(false, true, true);
  }

  @ParameterizedTest
  @CsvSource({
    "done,    done,    active",
    "dead,    dead,    active",
    "retry,   waiting, active",
    "unknown, waiting, active",
    "limited, waiting, active",
    "refused, waiting, paused",
    "sure,    waiting, active",
  })
  void a_route_can_say_itself_how_an_attempt_ended(String said, String state, String pairState) {
    relay.set("relay.delivery.backoff", "1h");
    relay.route(
        "crm",
        """
        - route:
            id: crm
            from:
              uri: inbox:crm
              steps:
                - setHeader: {name: RelayOutcome, simple: "${header.RelayType}"}
                - setHeader: {name: RelayReason, constant: the route knows}
                - setHeader: {name: RelayRetryAfter, constant: 600}
                - setHeader: {name: RelayRemoteId, constant: T-1}
        """);
    relay.start();
    relay.accept("e1", said);
    awaitDelivery("e1", "state, remote_id", state + " T-1");
    assertThat(pair("state")).isEqualTo(pairState);
    assertThat(delivery("e1", "outcome_unknown"))
        .isEqualTo(said.equals("unknown") ? "true" : "false");
    String reason = delivery("e1", "reason");
    assertThat(reason)
        .isEqualTo(
            said.equals("sure")
                ? "the route set RelayOutcome to `sure`; it is one of done, retry, limited, refused, dead, unknown"
                : "the route knows");
  }

  @Test
  void headers_that_cannot_be_read_cost_no_thread_of_the_connector() {
    relay.set("relay.delivery.backoff", "1h");
    relay.route(
        "crm",
        """
        - route:
            id: crm
            from:
              uri: inbox:crm
              parameters: {concurrency: 1}
              steps:
                - choice:
                    when:
                      - simple: "${header.RelayType} == 'bad'"
                        steps:
                          - setHeader: {name: RelayOutcome, constant: dead}
                          - setHeader: {name: CamelHttpResponseCode, constant: none}
        """);
    relay.start();
    relay.accept("e1", "bad");
    relay.accept("e2", "bad");
    relay.accept("e3", "good");
    awaitDelivery("e3", "state", "done");
    assertThat(delivery("e1", "state, reason"))
        .startsWith("waiting what the route set in the Relay headers cannot be read");
  }

  @Test
  void a_route_that_fails_by_itself_is_retried() {
    relay.route(
        "crm",
        """
        - route:
            id: crm
            from:
              uri: inbox:crm
              steps:
                - choice:
                    when:
                      - simple: "${header.RelayAttempt} == 1"
                        steps:
                          - throwException: {exceptionType: java.lang.IllegalStateException, message: a bug}
        """);
    relay.start();
    relay.accept("e1", "t");
    awaitDelivery("e1", "state, attempt", "done 2");
  }

  @Test
  void an_event_that_fails_for_too_long_is_dead() {
    target.answers(status(500));
    relay.set("relay.delivery.backoff", "1h");
    start("giveUpAfter: 150m");
    relay.accept("e1", "t");
    for (int attempt = 1; attempt <= 3; attempt++) {
      awaitDelivery("e1", "state, attempt", "waiting " + attempt);
      clock.forward(Duration.ofMinutes(73)); // more than an hour and its jitter
    }
    awaitDelivery("e1", "state, attempt", "dead 4");
  }

  @Test
  void many_failures_park_the_pair_which_is_probed_and_drained_when_it_answers_again() {
    target.answers(status(503));
    relay.set("relay.delivery.park-after", "3").set("relay.delivery.backoff", "1s");
    start("concurrency: 1, giveUpAfter: 1m");
    relay.accept("e1", "t");
    relay.accept("e2", "t");
    relay.accept("e3", "t");
    awaitPair("state, failures", "parked 3");
    assertThat(pair("reason")).startsWith("3 failures in a row, the last: HTTP 503");
    await().atMost(LONG).until(() -> health().contains("\"parked\":1"));
    for (int probe = 1; probe <= 5; probe++) {
      clock.forward(Duration.ofSeconds(73)); // a minute and its jitter
      awaitPair("state, failures", "parked " + (3 + probe));
    }
    assertThat(target.calls()).hasSize(8); // one by one
    assertThat(relay.rows("select distinct state from delivery")).containsExactly("waiting");

    target.answers(status(200));
    clock.forward(Duration.ofSeconds(73));
    for (String event : List.of("e1", "e2", "e3")) {
      awaitDelivery(event, "state", "done");
    }
    assertThat(pair("state, failures, reason")).isEqualTo("active 0 null");
  }

  @Test
  void a_slow_organization_does_not_starve_another_in_the_same_connector() {
    target.answers(
        (call, response) ->
            (call.org().equals("acme") ? hangs() : status(200)).accept(call, response));
    relay.set("relay.orgs.other.webhook.secrets", OTHER_SECRET);
    start("concurrency: 4");
    for (int i = 0; i < 20; i++) {
      relay.accept("slow" + i, "t");
    }
    await().atMost(LONG).until(() -> !target.calls().isEmpty());
    for (int i = 0; i < 20; i++) {
      relay.accept("other", OTHER_SECRET, "{\"id\":\"fast%d\",\"type\":\"t\"}".formatted(i));
    }
    await()
        .atMost(Duration.ofSeconds(20)) // less than the first slow call takes
        .until(
            () ->
                relay
                    .rows("select count(*) from delivery where org = 'other' and state = 'done'")
                    .equals(List.of("20")));
  }

  @Test
  void events_of_a_subject_are_delivered_in_their_order_also_when_some_fail() {
    AtomicInteger calls = new AtomicInteger();
    List<String> done = new java.util.concurrent.CopyOnWriteArrayList<>();
    target.answers(
        (call, response) -> {
          boolean fails = calls.incrementAndGet() % 3 == 0;
          if (!fails) {
            done.add(call.event());
          }
          status(fails ? 500 : 200).accept(call, response);
        });
    start("ordering: subject");
    for (int i = 100; i < 160; i++) {
      relay.accept(
          "acme",
          TestRelay.SECRET,
          "{\"id\":\"c%d-%d\",\"type\":\"t\",\"data\":{\"conversation\":{\"id\":\"c_%d\"}}}"
              .formatted(i % 3, i, i % 3));
    }
    await().atMost(LONG).until(() -> done.size() == 60);
    for (String subject : List.of("c0", "c1", "c2")) {
      assertThat(done.stream().filter(event -> event.startsWith(subject)).toList())
          .hasSize(20)
          .isSorted();
    }
  }

  @Test
  void a_connector_is_not_delayed_by_another_that_hangs_or_is_dead() {
    relay.route(
        "gone", target.route("gone", "").replaceAll("http://127[^?]*", "http://127.0.0.1:1/"));
    relay.route("hung", target.route("hung", ""));
    target.answers(
        (call, response) ->
            (call.path().equals("/hung") ? hangs() : status(200)).accept(call, response));
    start("");
    for (int i = 0; i < 30; i++) {
      relay.accept("e" + i, "t");
    }
    await()
        .atMost(Duration.ofSeconds(20)) // less than the first hanging call takes
        .until(
            () ->
                relay
                    .rows(
                        "select count(*) from delivery where connector = 'crm' and state = 'done'")
                    .equals(List.of("30")));
  }

  @ParameterizedTest
  @CsvSource({"503, '', parked", "429, '', active", "401, '', paused", "200, 'rate: 1/h', active"})
  void what_is_appended_for_a_pair_that_may_start_nothing_does_not_ask_the_store(
      int status, String parameters, String state) {
    target.answers(status(status));
    relay.set("relay.delivery.park-after", "1").set("relay.delivery.poll-interval", "1h");
    start(parameters);
    relay.accept("e1", "t");
    awaitDelivery("e1", "state", status == 200 ? "done" : "waiting");
    awaitPair("state", state);
    relay.execute("set query_statistics true");
    for (int i = 2; i <= 20; i++) {
      relay.accept("e" + i, "t");
    }
    assertThat(statements("insert into event")).isEqualTo(19);
    assertThat(statements("for update")).isZero();
  }

  private int statements(String part) {
    return relay
        .rows(
            "select execution_count from information_schema.query_statistics where sql_statement like '%"
                + part
                + "%' and sql_statement not like '%query_statistics%'")
        .stream()
        .mapToInt(Integer::parseInt)
        .sum();
  }

  @ParameterizedTest
  @ValueSource(ints = {503, 429, 401})
  void a_pair_that_is_resumed_goes_on_at_once(int status) {
    target.answers(status(status));
    relay.set("relay.delivery.park-after", "1").set("relay.delivery.poll-interval", "1h");
    start("");
    relay.accept("e1", "t");
    awaitDelivery("e1", "state", "waiting");
    relay.accept("e2", "t");
    target.answers(status(200));
    URI resume =
        URI.create(
            "http://127.0.0.1:%d/api/v1/connectors/crm/acme/resume"
                .formatted(relay.relay().adminPort()));
    TestRelay.call(HttpRequest.newBuilder(resume).POST(BodyPublishers.noBody()).build());
    awaitDelivery("e2", "state", "done");
  }

  @Test
  void a_connector_added_later_starts_where_it_says() {
    start("");
    relay.accept("old", "t");
    awaitDelivery("old", "state", "done");
    relay.close();
    relay.route("history", target.route("history", "startFrom: earliest"));
    relay.route("news", target.route("news", "startFrom: latest"));
    relay.start();
    relay.accept("new", "t");
    await().atMost(LONG).until(() -> target.calls("new").size() == 3);
    await().atMost(LONG).until(() -> target.calls("old").size() == 2);
    assertThat(target.calls("old")).extracting(Call::path).containsExactly("/crm", "/history");
    assertThat(target.calls("old").get(0).key()).isNotEqualTo(target.calls("old").get(1).key());
  }

  @Test
  void a_connector_gets_the_types_it_names_only() {
    start("types: 'conversation.*, visitor.identified'");
    relay.accept("e1", "message.created");
    relay.accept("e2", "conversation.closed");
    relay.accept("e3", "visitor.left");
    relay.accept("e4", "visitor.identified");
    awaitDelivery("e4", "state", "done");
    awaitDelivery("e2", "state", "done");
    assertThat(target.calls()).extracting(Call::event).containsExactlyInAnyOrder("e2", "e4");
  }

  @Test
  void an_organization_without_the_settings_is_not_subscribed_until_it_has_them() {
    start("requires: crm.token");
    relay.accept("before", "t");
    relay.close();
    relay.set("relay.orgs.acme.crm.token", "token-of-acme").start();
    relay.accept("after", "t");
    awaitDelivery("after", "state", "done");
    assertThat(target.calls()).extracting(Call::event).containsExactly("after");
  }
}
