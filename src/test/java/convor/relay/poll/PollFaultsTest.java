package convor.relay.poll;

import static convor.relay.testing.ListApi.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.ListApi;
import convor.relay.testing.ListApi.Ask;
import convor.relay.testing.TestRelay;
import io.vertx.core.http.HttpServerResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each organization's API has another fault at its second page, in one relay with the shipped poll:
 * a clear state, nothing skipped when the fault is over, nothing doubled, no endless loop, and no
 * organization in another's way.
 */
class PollFaultsTest {
  private static final Instant T = Instant.parse("2026-11-01T10:00:00Z");
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int ROWS = 10;

  /** What the second page's answer is instead. */
  private static final Map<String, BiPredicate<Ask, HttpServerResponse>> FAULTS = new TreeMap<>();

  /** What `cursors` then says. */
  private static final Map<String, String> SAYS = new TreeMap<>();

  private static void fault(String org, String says, BiPredicate<Ask, HttpServerResponse> instead) {
    FAULTS.put(org, instead);
    SAYS.put(org, says);
  }

  private static void answer(String org, String says, int status, String body) {
    fault(
        org,
        says,
        (ask, response) -> {
          json(response, status, body);
          return true;
        });
  }

  private static void page(String org, String says, String record, String next) {
    answer(
        org,
        says,
        200,
        "{\"data\":[%s],\"next_cursor\":%s,\"has_more\":true}".formatted(record, next));
  }

  static {
    String good = "{\"id\":\"x\",\"updated_at\":\"2026-11-01T10:00:00Z\"}";
    answer("not-json", "the answer is not JSON, it begins with `<html>", 200, "<html>busy</html>");
    answer("empty", "the answer is empty", 200, "");
    answer("no-items", "the answer has no list at /data", 200, "{\"rows\":[]}");
    page(
        "no-id",
        "record 2 of the page has no /id",
        good + ",{\"updated_at\":\"2026-11-01T10:00:00Z\"}",
        "\"a\"");
    page("no-version", "record 1 of the page has no /updated_at", "{\"id\":\"x\"}", "\"a\"");
    page("no-cursor", "has no cursor at /next_cursor", good, "null");
    page(
        "long-cursor",
        "the next cursor is 10,240 characters long",
        good,
        "\"" + "c".repeat(10_240) + "\"");
    fault(
        "same-cursor",
        "the API gave the same cursor again",
        (ask, response) -> {
          json(
              response,
              200,
              "{\"data\":[],\"next_cursor\":\"%s\",\"has_more\":true}"
                  .formatted(ask.query().get("cursor")));
          return true;
        });
    answer(
        "huge", "the answer is larger than", 200, "{\"data\":[\"" + "x".repeat(10 << 20) + "\"]}");
    answer("down", "HTTP 503", 503, "{}");
    answer("refuses", "refused: HTTP 401", 401, "{\"error\":\"revoked\"}");
    answer("forbids", "refused: HTTP 403", 403, "{}");
    answer("missing", "HTTP 404: correct api.base-url", 404, "{}");
    fault(
        "limits",
        "limited: HTTP 429",
        (ask, response) -> {
          response.putHeader("Retry-After", "3600");
          json(response, 429, "{}");
          return true;
        });
    fault(
        "limits-by-date",
        "limited: HTTP 429",
        (ask, response) -> {
          response.putHeader(
              "Retry-After",
              DateTimeFormatter.RFC_1123_DATE_TIME.format(
                  Instant.now().plusSeconds(3600).atZone(ZoneOffset.UTC)));
          json(response, 429, "{}");
          return true;
        });
    fault(
        "redirects",
        "HTTP 302: the relay follows no redirect",
        (ask, response) -> {
          response.putHeader("Location", "http://127.0.0.1:1/elsewhere");
          json(response, 302, "{}");
          return true;
        });
    fault("hangs", "no complete answer", (ask, response) -> true);
    fault(
        "dribbles",
        "no complete answer",
        (ask, response) -> {
          response.putHeader("Content-Length", "1000").write("{");
          return true;
        });
    fault(
        "closes",
        "no complete answer",
        (ask, response) -> {
          response.reset();
          return true;
        });
  }

  @TempDir static Path folder;
  private static final ListApi API = new ListApi();
  private static TestRelay relay;

  @BeforeAll
  static void start() {
    API.answers(
        (ask, response) ->
            FAULTS.containsKey(ask.key())
                && ask.query().containsKey("cursor")
                && FAULTS.get(ask.key()).test(ask, response));
    relay =
        new TestRelay(folder)
            .shippedRoute("poll")
            .shippedRoute("poll-conversations")
            .set("relay.poll.conversations.start", "beginning")
            .set("relay.poll.conversations.period", "1h")
            .set("relay.poll.conversations.page-size", "4")
            .set("relay.poll.threads", "64")
            .set("relay.call.timeout", "3s");
    orgs()
        .forEach(
            org -> {
              relay.set("relay.orgs." + org + ".api.base-url", API.url());
              relay.set("relay.orgs." + org + ".api.key", org);
              for (int i = 0; i < ROWS; i++) {
                API.put(org, "c_" + i, T.plusSeconds(i));
              }
            });
    relay.start();
  }

  @AfterAll
  static void stop() {
    relay.close();
    API.close();
  }

  static Stream<String> orgs() {
    return Stream.concat(FAULTS.keySet().stream(), Stream.of("well"));
  }

  static Stream<String> faults() {
    return FAULTS.keySet().stream();
  }

  private static List<String> events(String org) {
    return relay.rows("select subject from event where org = '" + org + "' order by subject");
  }

  private static String cursor(String org, String columns) {
    return String.join(
        "", relay.rows("select " + columns + " from cursor where org = '" + org + "'"));
  }

  @Test
  void the_others_are_in_nobodys_way() {
    await().atMost(SOON).until(() -> events("well").size() == ROWS);
    await().atMost(SOON).until(() -> cursor("well", "state, reason").equals("active null"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void the_state_is_clear_and_the_place_is_kept(String org) {
    await().atMost(SOON).until(() -> cursor(org, "reason").contains(SAYS.get(org)));
    assertThat(cursor(org, "state"))
        .isEqualTo(SAYS.get(org).startsWith("refused") ? "paused" : "active");
    assertThat(events(org)).as("the first page").hasSize(4);
    assertThat(cursor(org, "position"))
        .isEqualTo(ListApi.cursor(new ListApi.Row("c_3", T.plusSeconds(3))));
    long wait = Long.parseLong(cursor(org, "next_at")) - Instant.now().toEpochMilli();
    if (cursor(org, "state").equals("active")) {
      assertThat(Duration.ofMillis(wait))
          .isBetween(Duration.ofMinutes(50), Duration.ofHours(1).plusMinutes(1));
    }
    long asked = API.asked().stream().filter(ask -> ask.key().equals(org)).count();
    assertThat(asked).as("no endless loop").isEqualTo(2);
  }
}
