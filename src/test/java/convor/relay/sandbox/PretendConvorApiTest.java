package convor.relay.sandbox;

import static convor.relay.sandbox.Http.get;
import static convor.relay.sandbox.Http.json;
import static convor.relay.sandbox.Http.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PretendConvorApiTest {
  private static final Instant START = Instant.parse("2026-11-23T10:00:00.250Z");
  private static final Map<String, String> ACME = Map.of("Authorization", "Bearer key-acme");
  private static final Map<String, String> GLOBEX = Map.of("Authorization", "Bearer key-globex");
  private static final List<String> TYPES = ConvorEvents.TYPES.subList(0, 5);

  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final PretendDestinations server = PretendDestinations.start(0, now::get);
  private final String api = server.url(Destination.CONVOR) + "/v1/";
  private ConvorEvents events;

  @BeforeEach
  void serve() {
    begin(1);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private void begin(long seed) {
    events = new ConvorEvents(now::get, new Random(seed));
    server.serve("key-acme", events.account("acme"));
    server.serve("key-globex", events.account("globex"));
  }

  private void pass(long millis) {
    now.updateAndGet(at -> at.plusMillis(millis));
  }

  private JsonNode read(String path) throws IOException, InterruptedException {
    HttpResponse<String> answer = get(api + path, ACME);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  private static List<String> texts(JsonNode rows, String field) {
    return StreamSupport.stream(rows.spliterator(), false)
        .map(row -> row.path(field).asText())
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-, v1/conversations, 401, unauthorized",
        "Bearer , v1/conversations, 401, unauthorized",
        "Basic a2V5LWFjbWU6eA==, v1/conversations, 401, unauthorized",
        "Bearer key-initech, v1/messages, 401, unauthorized",
        "Bearer key-acme, v1/visitors, 404, not_found",
        "Bearer key-acme, v1/conversations?limit=ten, 422, limit is a whole number from 1 to 100",
        "Bearer key-acme, v1/conversations?limit=0, 422, limit is",
        "Bearer key-acme, v1/conversations?limit=-1, 422, limit is",
        "Bearer key-acme, v1/messages?limit=1.5, 422, limit is a whole number from 1 to 20000",
        "Bearer key-acme, v1/messages?updated_since=yesterday, 422, updated_since is a time",
        "Bearer key-acme, v1/messages?updated_until=2026-11-23T10:00:00, 422, updated_until is",
        "Bearer key-acme, v1/conversations?updated_since=1766000000, 422, updated_since is",
        "Bearer key-acme, v1/conversations?cursor=, 410, cursor_expired",
        "Bearer key-acme, v1/conversations?cursor=%20%2F%3F, 410, cursor_expired",
        "Bearer key-acme, v1/conversations?cursor=bm9uZSAxIGNfMQ, 410, cursor_expired"
      })
  void what_is_wrong_is_refused_in_json(String key, String path, int status, String words)
      throws Exception {
    Map<String, String> headers = key == null ? Map.of() : Map.of("Authorization", key);
    HttpResponse<String> refused = get(server.url(Destination.CONVOR) + '/' + path, headers);
    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(json(refused).path("error").toString()).contains(words);
  }

  @Test
  void it_can_only_be_read() throws Exception {
    HttpResponse<String> refused = post(api + "messages", ACME, "{'text':'hi'}");
    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.headers().firstValue("Allow")).hasValue("GET");
  }

  @Test
  void it_shows_what_the_events_told_of_and_of_no_other_organization() throws Exception {
    Map<String, JsonNode> latest = new HashMap<>();
    Map<String, String> spokenIn = new HashMap<>();
    for (int i = 0; i < 60; i++) {
      pass(100);
      JsonNode data = events.next("acme", TYPES.get(i % TYPES.size())).path("data");
      JsonNode conversation = data.path("conversation");
      JsonNode before = latest.put(conversation.path("id").asText(), conversation);
      spokenIn.put(data.at("/message/id").asText(), conversation.path("id").asText());
      if (before != null) {
        assertThat(updated(conversation)).isAfter(updated(before));
        assertThat(before.path("status").asText()).isEqualTo("open");
      }
    }
    events.next("acme", "visitor.identified");
    events.next("globex", "conversation.created");

    JsonNode conversations = read("conversations").path("data");
    assertThat(conversations).containsExactlyInAnyOrderElementsOf(latest.values());
    assertThat(latest.size()).as("some go on, some are new").isBetween(20, 55);
    assertThat(texts(conversations, "status")).contains("open", "closed");

    JsonNode messages = read("messages").path("data");
    assertThat(messages)
        .hasSize(60)
        .allSatisfy(
            message ->
                assertThat(message.path("conversation_id").asText())
                    .isEqualTo(spokenIn.get(message.path("id").asText())))
        .allSatisfy(
            message ->
                assertThat(message.fieldNames())
                    .toIterable()
                    .containsExactly("id", "conversation_id", "text", "author", "created_at"));
    assertThat(json(get(api + "conversations", GLOBEX)).path("data")).hasSize(1);
  }

  private static Instant updated(JsonNode conversation) {
    return Instant.parse(conversation.path("updated_at").asText());
  }

  @Test
  void a_burst_has_one_time_and_the_lists_are_in_order() throws Exception {
    for (int i = 0; i < 50; i++) {
      events.next("acme", "conversation.created");
    }
    JsonNode burst = read("conversations").path("data");
    assertThat(texts(burst, "updated_at")).hasSize(50).containsOnly("2026-11-23T10:00:00.000Z");
    assertThat(texts(burst, "id")).isSorted().doesNotHaveDuplicates();
    for (int i = 0; i < 40; i++) {
      pass(i % 8 * 50L);
      events.next("acme", TYPES.get(i % TYPES.size()));
    }
    JsonNode conversations = read("conversations").path("data");
    List<String> order = new ArrayList<>();
    conversations.forEach(c -> order.add(c.path("updated_at").asText() + c.path("id").asText()));
    assertThat(order).isSorted();
    assertThat(new HashSet<>(texts(conversations, "updated_at")).size())
        .isLessThan(conversations.size() / 2);
    List<String> messages = new ArrayList<>();
    read("messages?limit=500")
        .path("data")
        .forEach(m -> messages.add(m.path("created_at").asText() + m.path("id").asText()));
    assertThat(messages).hasSize(90).isSorted();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 3",
    "updated_since=2026-11-23T10:00:01.000Z, 2",
    "updated_since=2026-11-23T10:00:01.001Z, 1",
    "updated_until=2026-11-23T10:00:01.000Z, 1",
    "updated_until=2026-11-23T10:00:01.001Z, 2",
    "updated_since=2026-11-23T10:00:01Z&updated_until=2026-11-23T10:00:02Z, 1",
    "updated_since=2026-11-23T11:00:01%2B01:00, 2",
    "updated_since=2026-11-23T10:00:02Z&updated_until=2026-11-23T10:00:01Z, 0",
    "updated_since=2027-01-01T00:00:00Z, 0"
  })
  void since_is_inclusive_and_until_exclusive(String window, int rows) throws Exception {
    for (int i = 0; i < 3; i++) {
      events.next("acme", "conversation.created");
      pass(1_000);
    }
    for (String list : List.of("conversations?", "messages?")) {
      JsonNode page = read(list + window);
      assertThat(page.path("data")).hasSize(rows);
      assertThat(page.path("has_more").asBoolean()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "conversations, 100, true",
    "conversations?limit=7, 7, true",
    "conversations?limit=100, 100, true",
    "conversations?limit=5000, 100, true",
    "conversations?limit=99999999999999999999, 100, true",
    "messages, 100, true",
    "messages?limit=119, 119, true",
    "messages?limit=120, 120, false",
    "messages?limit=99999999999999999999, 120, false"
  })
  void a_page_has_as_many_rows_as_asked_up_to_the_limit(String path, int rows, boolean more)
      throws Exception {
    for (int i = 0; i < 120; i++) {
      events.next("acme", "conversation.created");
    }
    JsonNode page = read(path);
    assertThat(page.path("data")).hasSize(rows);
    assertThat(page.path("has_more").asBoolean()).isEqualTo(more);
  }

  @Test
  void the_last_cursor_stays_good_and_later_gives_what_came_after_it() throws Exception {
    for (int i = 0; i < 5; i++) {
      events.next("acme", "conversation.created");
    }
    JsonNode first = read("conversations?limit=3");
    String cursor = first.path("next_cursor").asText();
    assertThat(cursor).matches("[A-Za-z0-9_-]+");
    JsonNode last = read("conversations?limit=3&cursor=" + cursor);
    assertThat(last.path("data")).hasSize(2);
    assertThat(last.path("next_cursor").isNull()).isTrue();
    assertThat(last.path("has_more").asBoolean()).isFalse();
    assertThat(read("conversations?limit=3&cursor=" + cursor)).isEqualTo(last);

    ObjectNode event = events.next("acme", "conversation.created");
    server.reset();
    JsonNode later = read("conversations?limit=3&cursor=" + cursor);
    assertThat(later.at("/data/2")).isEqualTo(event.at("/data/conversation"));
    assertThat(json(get(api + "conversations?cursor=" + cursor, GLOBEX)).at("/error/code").asText())
        .as("another organization's cursor")
        .isEqualTo("cursor_expired");
  }

  @Test
  void cursors_expire_when_told_and_new_ones_are_good() throws Exception {
    events.next("acme", "conversation.created");
    events.next("acme", "conversation.created");
    String path = "conversations?limit=1&cursor=";
    String old = read("conversations?limit=1").path("next_cursor").asText();
    server.fault(Destination.CONVOR, Fault.fail(503).onPath("/elsewhere"));
    String control = "http://127.0.0.1:" + server.port() + "/control/";
    assertThat(post(control + "convor", Map.of(), "{'mode':'expire-cursors'}").body())
        .as("the fault stays")
        .contains("\"mode\":\"fail\"");
    assertThat(get(api + path + old, ACME).statusCode()).isEqualTo(410);
    String fresh = read("conversations?limit=1").path("next_cursor").asText();
    assertThat(read(path + fresh).path("data")).hasSize(1);

    HttpResponse<String> none = post(control + "slack", Map.of(), "{'mode':'expire-cursors'}");
    assertThat(none.statusCode()).isEqualTo(400);
    assertThat(none.body()).contains("only Convor's API has cursors");
  }

  /**
   * A reader that takes each page once and keeps the last cursor while there is none new, as rows
   * are written between any two of its calls.
   */
  @Test
  void reading_by_cursor_while_rows_are_written_skips_none_and_doubles_none() throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      begin(seed);
      Random random = new Random(-seed);
      Map<String, String> truth = new HashMap<>();
      Map<String, String> read = new HashMap<>();
      Set<String> seen = new HashSet<>();
      String cursor = null;
      for (int calls = 0, after = 0; after == 0; calls++) {
        for (int i = random.nextInt(8); calls < 12 && i > 0; i--) {
          pass(random.nextInt(4) * 300L);
          JsonNode written = conversation(events.next("acme", TYPES.get(random.nextInt(5))));
          truth.put(written.path("id").asText(), written.path("updated_at").asText());
        }
        JsonNode page =
            read(
                "conversations?limit="
                    + (1 + random.nextInt(6))
                    + (cursor == null ? "" : "&cursor=" + cursor));
        boolean end = page.path("next_cursor").isNull();
        if (!end || calls >= 12) {
          for (JsonNode row : page.path("data")) {
            String id = row.path("id").asText();
            assertThat(seen.add(id + row.path("updated_at").asText()))
                .as("seed %s: %s is new", seed, row)
                .isTrue();
            read.put(id, row.path("updated_at").asText());
          }
        }
        cursor = end ? cursor : page.path("next_cursor").asText();
        after = end && calls >= 12 ? 1 : 0;
      }
      assertThat(read).as("seed %s", seed).isEqualTo(truth);
    }
  }

  private static JsonNode conversation(ObjectNode event) {
    return event.at("/data/conversation");
  }

  /** Messages have no cursor: the newest second has to be read again. */
  @Test
  void a_message_may_come_before_others_of_its_second() throws Exception {
    events.next("acme", "message.created");
    String second = "messages?updated_since=2026-11-23T10:00:00Z";
    int before = 0;
    for (int i = 2; i <= 40; i++) {
      List<String> known = texts(read(second).path("data"), "id");
      String id = events.next("acme", "message.created").at("/data/message/id").asText();
      List<String> all = texts(read(second).path("data"), "id");
      assertThat(all).hasSize(i).containsAll(known).contains(id);
      before += all.indexOf(id) < i - 1 ? 1 : 0;
    }
    assertThat(before).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'mode':'fail','status':503} | 503 | internal_error | -",
        "{'mode':'refuse'} | 401 | unauthorized | -",
        "{'mode':'fail','status':403} | 403 | forbidden | -",
        "{'mode':'fail','status':410} | 410 | cursor_expired | -",
        "{'mode':'limit','retryAfter':7} | 429 | rate_limited | 7",
        "{'mode':'limit-date','retryAfter':7} | 429 | rate_limited | Mon, 23 Nov 2026 10:00:07 GMT",
        "{'mode':'not-json'} | 200 | <!doctype html> | -",
        "{'mode':'not-json','body':{'items':[]}} | 200 | {\"items\":[]} | -"
      })
  void it_fails_to_order_as_the_destinations_do(
      String fault, int status, String words, String retryAfter) throws Exception {
    String control = "http://127.0.0.1:" + server.port() + "/control";
    assertThat(post(control + "/convor", Map.of(), fault).statusCode()).isEqualTo(200);
    HttpResponse<String> answer = get(api + "conversations?limit=2", ACME);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).contains(words);
    assertThat(answer.headers().firstValue("Retry-After").orElse("-")).isEqualTo(retryAfter);
    assertThat(answer.headers().firstValue("Date")).hasValue("Mon, 23 Nov 2026 10:00:00 GMT");

    HttpResponse<String> all = get(control, Map.of());
    JsonNode call = json(all).at("/convor/calls/0");
    assertThat(call.path("caller").asText()).isEqualTo("acme");
    assertThat(call.path("path").asText()).isEqualTo("/v1/conversations?limit=2");
    assertThat(call.path("status").asInt()).isEqualTo(status);
    assertThat(json(all).at("/convor/counts/faults").asInt()).isEqualTo(1);
    assertThat(all.body()).doesNotContain("key-acme");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.Mode.class,
      names = {"LOSE_ANSWER", "HALF_ANSWER"})
  void it_breaks_off_as_the_destinations_do(Fault.Mode mode) throws Exception {
    events.next("acme", "conversation.created");
    server.fault(Destination.CONVOR, Fault.of(mode));
    assertThatThrownBy(() -> get(api + "conversations", ACME))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(HttpTimeoutException.class);
    server.fault(Destination.CONVOR, Fault.NONE);
    assertThat(read("conversations").path("data")).hasSize(1);
  }

  @Test
  void the_latest_are_kept() {
    ConvorAccount account = new ConvorAccount("acme");
    for (int i = 0; i <= PretendApi.KEPT; i++) {
      String id = String.format("%06d", i);
      account.write(Json.object("id", "c_" + id, "status", "open"), START);
      account.add(Json.object("id", "m_" + id), "c_" + id, START);
    }
    ConvorAccount.Wanted all = new ConvorAccount.Wanted(null, null, null, Integer.MAX_VALUE);
    for (ConvorAccount.Page page :
        List.of(account.conversations(all).orElseThrow(), account.messages(all).orElseThrow())) {
      assertThat(page.rows()).hasSize(PretendApi.KEPT);
      assertThat(page.rows().get(0).path("id").asText()).endsWith("_000001");
    }
  }
}
