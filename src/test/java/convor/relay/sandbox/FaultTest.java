package convor.relay.sandbox;

import static convor.relay.sandbox.Http.ZENDESK;
import static convor.relay.sandbox.Http.get;
import static convor.relay.sandbox.Http.json;
import static convor.relay.sandbox.Http.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final String TICKET =
      "{'ticket':{'comment':{'body':'It broke'},'external_id':'evt_1'}}";

  private final PretendDestinations destinations = PretendDestinations.start(0, () -> NOW);
  private final String tickets = destinations.url(Destination.ZENDESK) + "/api/v2/tickets";
  private final String control = "http://127.0.0.1:" + destinations.port() + "/control";

  @AfterEach
  void close() {
    destinations.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'mode':'fail'} | 500 | Something went wrong",
        "{'mode':'fail','status':503,'body':'Down for maintenance'} | 503 | Down for maintenance",
        "{'mode':'refuse'} | 401 | Couldn't authenticate you",
        "{'mode':'not-found'} | 404 | RecordNotFound",
        "{'mode':'bad-request'} | 400 | error",
        "{'mode':'not-ok','error':'ratelimited'} | 200 | \"ok\":false,\"error\":\"ratelimited\"",
        "{'mode':'limit','retryAfter':7} | 429 | APIRateLimitExceeded"
      },
      quoteCharacter = '`')
  void the_fault_is_the_answer_and_nothing_is_done(String fault, int status, String words)
      throws Exception {
    assertThat(post(control + "/zendesk", Map.of(), fault).statusCode()).isEqualTo(200);
    HttpResponse<String> answer = post(tickets, ZENDESK, TICKET);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).contains(words);
    assertThat(destinations.counts(Destination.ZENDESK))
        .returns(0L, Counts::created)
        .returns(1L, Counts::faults);
  }

  @Test
  void a_limit_says_how_long_in_seconds_or_as_a_date() throws Exception {
    destinations.fault(Destination.ZENDESK, Fault.of(Fault.Mode.LIMIT).retryAfter(7));
    assertThat(retryAfter()).isEqualTo("7");
    destinations.fault(Destination.ZENDESK, Fault.of(Fault.Mode.LIMIT_DATE).retryAfter(7));
    String date = retryAfter();
    assertThat(date).isEqualTo("Mon, 23 Nov 2026 10:00:07 GMT");
    assertThat(ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant())
        .isEqualTo(NOW.plusSeconds(7));
  }

  private String retryAfter() throws IOException, InterruptedException {
    return post(tickets, ZENDESK, TICKET).headers().firstValue("Retry-After").orElseThrow();
  }

  @Test
  void every_nth_call_and_the_first_calls_of_a_path_can_be_chosen() throws Exception {
    destinations.fault(
        Destination.ZENDESK, Fault.fail(502).everyNth(3).times(2).onPath("/api/v2/tickets"));
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      assertThat(get(tickets + ".json", ZENDESK).statusCode()).isEqualTo(200);
      statuses.add(post(tickets, ZENDESK, TICKET).statusCode());
    }
    assertThat(statuses).containsExactly(201, 201, 502, 201, 201, 502, 201, 201, 201);
  }

  @Test
  void a_lost_answer_was_done_all_the_same() throws Exception {
    destinations.fault(Destination.ZENDESK, Fault.of(Fault.Mode.LOSE_ANSWER).times(1));
    assertThatThrownBy(() -> post(tickets, ZENDESK, TICKET)).isInstanceOf(IOException.class);
    assertThat(destinations.effects(Destination.ZENDESK)).hasSize(1);
    assertThat(destinations.calls(Destination.ZENDESK)).extracting(Call::status).containsExactly(0);
    assertThat(json(get(tickets + "?external_id=evt_1", ZENDESK)).path("count").asInt())
        .isEqualTo(1);
    assertThat(destinations.counts(Destination.ZENDESK).prevented()).isEqualTo(1);
  }

  @Test
  void half_an_answer_breaks_off() {
    destinations.fault(Destination.ZENDESK, Fault.of(Fault.Mode.HALF_ANSWER));
    assertThatThrownBy(() -> post(tickets, ZENDESK, TICKET))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(HttpTimeoutException.class);
    assertThat(destinations.effects(Destination.ZENDESK)).hasSize(1);
  }

  @Test
  void a_hanging_destination_never_answers_and_does_nothing() {
    destinations.fault(Destination.ZENDESK, Fault.of(Fault.Mode.HANG));
    assertThatThrownBy(() -> post(tickets, ZENDESK, TICKET))
        .isInstanceOf(HttpTimeoutException.class);
    assertThat(destinations.effects(Destination.ZENDESK)).isEmpty();
  }

  @Test
  void a_dribbling_destination_answers_byte_by_byte() throws Exception {
    destinations.fault(Destination.SLACK, Fault.of(Fault.Mode.DRIBBLE));
    long start = System.nanoTime();
    HttpResponse<String> answer =
        post(destinations.url(Destination.SLACK) + "/webhook", Map.of(), "{'text':'x'}");
    assertThat(answer.body()).isEqualTo("ok");
    assertThat(System.nanoTime() - start).isGreaterThan(900_000_000L);
  }

  @Test
  void control_tells_everything_and_forgets_it() throws Exception {
    post(
        tickets,
        Map.of("Authorization", ZENDESK.get("Authorization"), "Idempotency-Key", "k1"),
        TICKET);
    HttpResponse<String> all = get(control, Map.of());
    JsonNode zendesk = json(all).path("zendesk");
    assertThat(zendesk.at("/counts/byStatus/201").asInt()).isEqualTo(1);
    assertThat(zendesk.at("/calls/0/headers/idempotency-key").asText()).isEqualTo("k1");
    assertThat(zendesk.at("/calls/0/body/ticket/external_id").asText()).isEqualTo("evt_1");
    assertThat(zendesk.at("/effects/0/marker").asText()).isEqualTo("evt_1");
    assertThat(zendesk.at("/fault/mode").asText()).isEqualTo("ok");
    assertThat(all.body()).doesNotContain("Basic");
    Http.send("DELETE", control, Map.of(), "");
    assertThat(destinations.counts(Destination.ZENDESK).calls()).isZero();
  }

  @Test
  void control_refuses_what_it_does_not_know() throws Exception {
    assertThat(post(control + "/zendesk", Map.of(), "{'mode':'explode'}").body())
        .contains("mode is one of ok, fail");
    assertThat(post(control + "/zendesk", Map.of(), "{'mode':'fail','status':200}").statusCode())
        .isEqualTo(400);
    assertThat(post(control + "/nowhere", Map.of(), "{'mode':'ok'}").statusCode()).isEqualTo(404);
  }
}
