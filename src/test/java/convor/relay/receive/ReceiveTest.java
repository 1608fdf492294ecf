package convor.relay.receive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.slack.api.app_backend.SlackSignature;
import convor.relay.inbox.Inbox;
import convor.relay.testing.TestRelay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered to a request, and what is kept of it, over real sockets. */
class ReceiveTest {
  private static final String OLD_SECRET = "the-secret-before-the-rotation";
  private static final String SLACK_SECRET = "slack-signing-secret";

  @TempDir static Path folder;
  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay =
        new TestRelay(folder)
            .set("relay.orgs.acme.webhook.secrets", TestRelay.SECRET + "," + OLD_SECRET)
            .set("relay.orgs.acme.webhook.organization", "org_acme")
            .set("relay.orgs.acme.sources.slack.scheme", "slack")
            .set("relay.orgs.acme.sources.slack.secrets", SLACK_SECRET)
            .set("relay.orgs.acme.sources.forms.scheme", "convor")
            .set("relay.orgs.acme.sources.forms.secrets", TestRelay.SECRET)
            .set("relay.orgs.acme.sources.forms.body-format", "any")
            .start();
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  private static String answer(byte[] request) {
    try (RawHttp http = new RawHttp(relay.uri("/"))) {
      return http.send(request).response();
    }
  }

  private static String answer(Signed request) {
    return answer(request.bytes());
  }

  private static void assertAnswer(String response, int status, String body) {
    assertThat(RawHttp.status(response)).as(response).isEqualTo(status);
    assertThat(response.split("\r\n\r\n", 2)[1]).isEqualTo(body);
    assertThat(headerNames(response)).containsExactly("content-length", "content-type");
  }

  private static List<String> headerNames(String response) {
    return response
        .split("\r\n\r\n", 2)[0]
        .lines()
        .skip(1)
        .map(line -> line.split(":", 2)[0].toLowerCase(java.util.Locale.ROOT))
        .sorted()
        .toList();
  }

  private static List<String> bodies(String key) {
    return relay.rows(
        "select body from event where event_key = '" + key + "'",
        row -> new String((byte[]) row, ISO_8859_1));
  }

  @Test
  void a_new_event_is_202_and_a_stored_one_200_with_its_id() {
    assertAnswer(answer(Signed.event("evt_1")), 202, "{\"status\":\"accepted\",\"id\":\"evt_1\"}");
    for (int i = 0; i < 3; i++) {
      assertAnswer(
          answer(Signed.event("evt_1")), 200, "{\"status\":\"duplicate\",\"id\":\"evt_1\"}");
    }
    assertThat(bodies("evt_1")).containsExactly("{\"id\":\"evt_1\",\"type\":\"t\"}");
  }

  @Test
  void an_id_is_escaped_in_the_answer() {
    assertAnswer(
        answer(Signed.of("{\"id\":\"a\\\"b<é>\",\"type\":\"t\"}")),
        202,
        new String("{\"status\":\"accepted\",\"id\":\"a\\\"b<é>\"}".getBytes(UTF_8), ISO_8859_1));
  }

  /** One answer, to the byte: who cannot sign learns nothing. */
  @Test
  void everything_that_is_not_signed_for_its_path_is_401_and_looks_the_same() {
    Instant now = Instant.now();
    List<Signed> requests =
        List.of(
            Signed.event("r").without("X-Convor-Signature"),
            Signed.event("r").with("X-Convor-Signature", ""),
            Signed.event("r").with("X-Convor-Signature", "sha256=00"),
            Signed.event("r").by("a-secret-of-nobody-at-all", now),
            Signed.event("r").by(TestRelay.SECRET, now.minusSeconds(301)),
            Signed.event("r").by(TestRelay.SECRET, now.plusSeconds(302)),
            Signed.event("r").without("X-Convor-Timestamp"),
            Signed.event("r").with("X-Convor-Timestamp", "now"),
            Signed.event("r").to("/webhooks/nobody"),
            Signed.event("r").to("/webhooks/nobody/convor"),
            Signed.event("r").to("/webhooks/acme/nothing"),
            Signed.event("r").to("/webhooks/acme/slack"),
            Signed.event("r").to("/webhooks/acme/"),
            Signed.event("r").to("/webhooks/acme/convor/more"),
            Signed.event("r").to("/webhooks/ACME"),
            Signed.event("r").to("/webhooks/%61cme"),
            Signed.event("r").to("/webhooks/"),
            Signed.of("not json").without("X-Convor-Signature"),
            Signed.of("").without("X-Convor-Signature"));
    String first = answer(requests.get(0));
    assertAnswer(first, 401, "{\"status\":\"rejected\"}");
    assertThat(requests.stream().map(ReceiveTest::answer)).allMatch(first::equals);
    assertThat(bodies("r")).isEmpty();
  }

  @Test
  void a_signed_time_within_the_tolerance_is_accepted_either_way() {
    Instant now = Instant.now();
    assertThat(answer(Signed.event("s1").by(TestRelay.SECRET, now.minusSeconds(290))))
        .contains("202");
    assertThat(answer(Signed.event("s2").by(TestRelay.SECRET, now.plusSeconds(290))))
        .contains("202");
  }

  @Test
  void a_body_that_names_another_organization_is_403() {
    assertAnswer(
        answer(Signed.of("{\"id\":\"o1\",\"type\":\"t\",\"organization_id\":\"org_other\"}")),
        403,
        "{\"status\":\"rejected\",\"reason\":\"the body names another organization\"}");
    assertThat(answer(Signed.of("{\"id\":\"o2\",\"type\":\"t\",\"organization_id\":\"org_acme\"}")))
        .contains(" 202 ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{\"id\": | not JSON of at most 100 levels, at line 1, column",
        "| not a JSON object or array",
        "\"text\" | not a JSON object or array",
        "{\"id\":\"e\"}{ | not JSON of at most 100 levels, at line 1, column",
        "{\"id\":\"e\"} | no event type",
        "[] | no event type",
        "{\"id\":\"e\",\"type\":\"\\u0000\"} | the event type must be 1 to 128 characters, none of them a control character",
      })
  void what_is_signed_and_cannot_be_an_event_is_400_with_the_reason(String body, String reason) {
    String response = answer(Signed.of(body == null ? "" : body));
    assertThat(RawHttp.status(response)).as(response).isEqualTo(400);
    assertThat(response).contains("\"reason\":\"" + reason);
    assertThat(headerNames(response)).containsExactly("content-length", "content-type");
  }

  @Test
  void json_that_nests_without_end_is_400() {
    assertThat(RawHttp.status(answer(Signed.of("[".repeat(500_000))))).isEqualTo(400);
    assertThat(RawHttp.status(answer(Signed.of("{\"a\":".repeat(100_000))))).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"})
  void another_method_is_405(String method) {
    assertThat(RawHttp.status(answer(Signed.event("m").method(method)))).isEqualTo(405);
    assertThat(bodies("m")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/webhooks", "/favicon.ico", "/application.properties", "/routes/"})
  void nothing_else_is_served_on_this_port(String path) {
    assertThat(RawHttp.status(answer(Signed.event("x").method("GET").to(path)))).isIn(404, 405);
  }

  @Test
  void the_health_of_a_relay_that_is_well_is_up() {
    HttpResponse<String> health =
        TestRelay.call(HttpRequest.newBuilder(relay.uri("/health")).build());
    assertThat(health.statusCode()).isEqualTo(200);
    assertThat(health.body()).contains("\"status\":\"up\"").contains("\"store\":\"up\"");
  }

  @Test
  void the_largest_body_is_accepted() {
    String start = "{\"id\":\"large\",\"type\":\"t\",\"x\":\"";
    String body = start + "x".repeat((1 << 20) - start.length() - 2) + "\"}";
    assertThat(body).hasSize(1 << 20);
    assertThat(answer(Signed.of(body))).contains(" 202 ");
    assertThat(bodies("large")).containsExactly(body);
  }

  @ParameterizedTest
  @ValueSource(strings = {"length", "chunks", "unsigned"})
  void a_body_over_the_limit_is_413_which_its_sender_can_read(String how) {
    byte[] body = new byte[20 << 20];
    Signed request = Signed.of(body);
    if (how.equals("unsigned")) {
      request.without("X-Convor-Signature");
    }
    String response = answer(how.equals("chunks") ? request.chunked(60_000) : request.bytes());
    assertThat(RawHttp.status(response)).as(response).isEqualTo(413);
    assertThat(response).contains("relay.webhook.max-body, 1048576 bytes");
    assertThat(answer(Signed.event("after-413-" + how))).contains(" 202 ");
  }

  @Test
  void one_byte_over_the_limit_is_413() {
    assertThat(RawHttp.status(answer(Signed.of(new byte[(1 << 20) + 1])))).isEqualTo(413);
    assertThat(RawHttp.status(answer(Signed.of(new byte[(1 << 20) + 1]).chunked(4_096))))
        .isEqualTo(413);
  }

  @Test
  void a_length_that_is_a_lie_is_answered() {
    for (String length : List.of("-1", "99999999999999999999", "one", "1\r\nContent-Length: 2")) {
      String request = Signed.event("lie").head() + "Content-Length: " + length + "\r\n\r\n{}";
      assertThat(RawHttp.status(answer(request.getBytes(ISO_8859_1)))).isBetween(400, 499);
    }
    assertThat(bodies("lie")).isEmpty();
  }

  @Test
  void who_asks_whether_to_go_on_is_told_so_at_once() {
    Signed request = Signed.event("continued").with("Expect", "100-continue");
    byte[] body = "{\"id\":\"continued\",\"type\":\"t\"}".getBytes(UTF_8);
    try (RawHttp http = new RawHttp(relay.uri("/"))) {
      http.send(request.head() + "Content-Length: " + body.length + "\r\n\r\n");
      assertThat(http.response()).startsWith("HTTP/1.1 100 ");
      assertThat(http.send(body).response()).contains(" 202 ");
    }
    try (RawHttp http = new RawHttp(relay.uri("/"))) {
      http.send(request.head() + "Content-Length: 20000000\r\n\r\n");
      assertThat(RawHttp.status(http.response())).isEqualTo(413);
    }
  }

  @Test
  void ten_thousand_headers_are_4xx_and_the_server_stays_well() {
    StringBuilder head = new StringBuilder(Signed.event("h").head());
    for (int i = 0; i < 10_000; i++) {
      head.append("X-Header-").append(i).append(": value\r\n");
    }
    head.append("Content-Length: 0\r\n\r\n");
    assertThat(RawHttp.status(answer(head.toString().getBytes(ISO_8859_1)))).isBetween(400, 499);
    assertThat(answer(Signed.event("after-headers"))).contains(" 202 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\r\n\r\n",
        "nonsense\r\n\r\n",
        "POST /webhooks/acme\r\n\r\n",
        "POST /%zz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "POST /webhooks/../health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "POST * HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      })
  void nonsense_is_not_a_server_error(String request) {
    try (RawHttp http = new RawHttp(relay.uri("/"))) {
      http.send(request);
      if (request.length() > 4) {
        String response = http.response();
        assertThat(response.isEmpty() ? 400 : RawHttp.status(response)).isIn(400, 404, 405, 501);
      }
    }
    assertThat(RawHttp.status(answer(Signed.of("").method("GET").to("/health")))).isEqualTo(200);
  }

  @Test
  void a_client_that_asks_for_http_2_is_answered_in_http_1() {
    Signed request =
        Signed.event("h2c")
            .with("Connection", "Upgrade, HTTP2-Settings")
            .with("Upgrade", "h2c")
            .with("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA");
    assertThat(answer(request)).startsWith("HTTP/1.1 202 ");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1_000_000})
  void a_body_in_chunks_is_the_same_body(int size) {
    String id = "chunked-" + size;
    assertThat(answer(Signed.event(id).chunked(size))).contains(" 202 ");
    assertThat(answer(Signed.event(id))).contains(" 200 ");
  }

  @Test
  void two_requests_on_one_connection_are_two_answers() {
    try (RawHttp http = new RawHttp(relay.uri("/"))) {
      ByteArrayOutputStream both = new ByteArrayOutputStream();
      both.writeBytes(Signed.event("pipe-1").bytes());
      both.writeBytes(Signed.event("pipe-2").chunked(5));
      both.writeBytes(Signed.event("pipe-3").without("X-Convor-Signature").bytes());
      http.send(both.toByteArray());
      assertThat(http.response()).contains(" 202 ").contains("pipe-1");
      assertThat(http.response()).contains(" 202 ").contains("pipe-2");
      assertThat(http.response()).contains(" 401 ");
    }
    assertThat(bodies("pipe-1")).containsExactly("{\"id\":\"pipe-1\",\"type\":\"t\"}");
    assertThat(bodies("pipe-2")).containsExactly("{\"id\":\"pipe-2\",\"type\":\"t\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ \"type\" : \"t\" ,\r\n\t\"id\" : \"space\" }\n",
        "{\"id\":\"order\",\"z\":1,\"type\":\"t\",\"a\":2}",
        "{\"id\":\"text\",\"type\":\"t\",\"x\":\"\\u00e9 é ☃ 𝄞 \\/\"}",
      })
  void the_bytes_are_kept_as_they_were_sent(String body) {
    assertThat(answer(Signed.of(body))).contains(" 202 ");
    String key = body.replaceAll("(?s).*\"id\" ?: ?\"(\\w+)\".*", "$1");
    assertThat(bodies(key)).containsExactly(new String(body.getBytes(UTF_8), ISO_8859_1));
  }

  @Test
  void invalid_utf_8_is_400_where_the_source_is_json_and_kept_as_it_is_where_it_is_not() {
    byte[] body = "{\"id\":\"utf\",\"type\":\"t\",\"x\":\"?\"}".getBytes(UTF_8);
    body[body.length - 3] = (byte) 0xff;
    assertThat(RawHttp.status(answer(Signed.of(body)))).isEqualTo(400);
    Signed text = Signed.of(body).to("/webhooks/acme/forms").with("X-Convor-Event", "raw");
    assertThat(answer(text)).contains(" 202 ");
    assertThat(relay.rows("select rawtohex(body) from event where type = 'raw'"))
        .containsExactly(HexFormat.of().formatHex(body));
  }

  @Test
  void a_form_is_verified_over_its_bytes() {
    String body = "command=%2Frefund&text=a+b%26c&team_id=T1&channel_id=C1&x=%C3%A9&empty=";
    String now = String.valueOf(Instant.now().getEpochSecond());
    Signed request =
        Signed.of(body)
            .to("/webhooks/acme/slack")
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("X-Slack-Request-Timestamp", now)
            .with(
                "X-Slack-Signature",
                new SlackSignature.Generator(SLACK_SECRET).generate(now, body));
    String response = answer(request);
    assertThat(response).as(response).contains(" 202 ");
    assertThat(relay.rows("select type, subject from event where source = 'slack'"))
        .containsExactly("/refund channel/C1");
    assertThat(relay.rows("select rawtohex(body) from event where source = 'slack'"))
        .containsExactly(HexFormat.of().formatHex(body.getBytes(UTF_8)));
  }

  @Test
  void a_multipart_body_is_verified_over_its_bytes() {
    byte[] body =
        ("preamble\r\n--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nmultipart.sent"
                + "\r\n--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nmp-1"
                + "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n\0\1\2"
                + "\r\n--b--\r\n")
            .getBytes(ISO_8859_1);
    Signed request =
        Signed.of(body)
            .to("/webhooks/acme/forms")
            .with("Content-Type", "multipart/form-data; boundary=b");
    String response = answer(request);
    assertAnswer(response, 202, "{\"status\":\"accepted\",\"id\":\"mp-1\"}");
    assertThat(relay.rows("select rawtohex(body) from event where event_key = 'mp-1'"))
        .containsExactly(HexFormat.of().formatHex(body));
  }

  @Test
  void a_compressed_body_is_verified_and_kept_as_sent() throws IOException {
    byte[] body = gzip("{\"id\":\"zipped\",\"type\":\"t\"}".getBytes(UTF_8));
    assertThat(answer(Signed.of(body).with("Content-Encoding", "gzip"))).contains(" 202 ");
    assertThat(relay.rows("select rawtohex(body) from event where event_key = 'zipped'"))
        .containsExactly(HexFormat.of().formatHex(body));
  }

  @Test
  void a_zip_bomb_and_what_cannot_be_unpacked_are_400() throws IOException {
    byte[] bomb = gzip(new byte[200 << 20]);
    assertThat(bomb.length).isLessThan(1 << 20);
    String response = answer(Signed.of(bomb).with("Content-Encoding", "gzip"));
    assertThat(RawHttp.status(response)).isEqualTo(400);
    assertThat(response).contains("more than 8388608 bytes when inflated");
    assertThat(answer(Signed.event("gz").with("Content-Encoding", "gzip"))).contains(" 400 ");
    assertThat(answer(Signed.event("br").with("Content-Encoding", "br"))).contains(" 400 ");
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void headers_and_parameters_from_outside_change_nothing_and_are_not_echoed() {
    Signed request =
        Signed.event("inject")
            .to("/webhooks/acme?org=other&RelayOrg=other&RelayKey=k&httpMethodRestrict=GET")
            .with("CamelHttpUri", "http://169.254.169.254/")
            .with("CamelHttpResponseCode", "500")
            .with("CamelFileName", "../../x")
            .with("org", "other")
            .with("RelayOrg", "other")
            .with("RelayKey", "other")
            .with("RelayType", "other")
            .with("RelayDuplicate", "true")
            .with("breadcrumbId", "b")
            .with("X-Echo", "echo")
            .with("Cookie", "a=b")
            .with("Authorization", "Bearer secret");
    assertAnswer(answer(request), 202, "{\"status\":\"accepted\",\"id\":\"inject\"}");
    assertThat(
            relay.rows(
                "select org, source, event_key, type from event where event_key in ('inject', 'other', 'k')"))
        .containsExactly("acme convor inject t");
    assertThat(relay.rows("select headers from event where event_key = 'inject'").get(0))
        .contains("x-convor-signature")
        .doesNotContain("echo", "Bearer", "169.254", "other", "a=b");
  }

  @Test
  void fifty_copies_at_once_are_one_event_and_one_202() {
    List<CompletableFuture<String>> answers =
        IntStream.range(0, 50)
            .mapToObj(
                i -> CompletableFuture.supplyAsync(() -> answer(Signed.event("copies")), EACH))
            .toList();
    List<Integer> statuses =
        answers.stream().map(CompletableFuture::join).map(RawHttp::status).toList();
    assertThat(statuses).filteredOn(status -> status == 202).hasSize(1);
    assertThat(statuses).filteredOn(status -> status == 200).hasSize(49);
    assertThat(bodies("copies")).hasSize(1);
  }

  private static final java.util.concurrent.Executor EACH = task -> new Thread(task).start();

  @Test
  void many_events_at_once_each_keep_their_own_body() {
    List<CompletableFuture<String>> answers =
        IntStream.range(0, 200)
            .mapToObj(
                i -> CompletableFuture.supplyAsync(() -> answer(Signed.event("own-" + i)), EACH))
            .toList();
    assertThat(answers.stream().map(CompletableFuture::join)).allMatch(a -> a.contains(" 202 "));
    assertThat(
            relay.rows(
                "select count(*) from event where event_key like 'own-%'"
                    + " and utf8tostring(body) = '{\"id\":\"' || event_key || '\",\"type\":\"t\"}'"))
        .containsExactly("200");
  }

  @Test
  void any_of_the_secrets_may_sign_and_which_one_did_is_counted() {
    double before = matched("1");
    assertThat(answer(Signed.event("old").by(OLD_SECRET, Instant.now()))).contains(" 202 ");
    assertThat(matched("1")).isEqualTo(before + 1);
  }

  private static double matched(String index) {
    Inbox inbox =
        relay.relay().camelContext().getRegistry().lookupByNameAndType("inbox", Inbox.class);
    var counter =
        inbox
            .metrics()
            .find("relay.secret.matched")
            .tags("org", "acme", "source", "convor", "index", index)
            .counter();
    return counter == null ? 0 : counter.count();
  }

  @Test
  void what_was_rejected_is_kept_with_its_reason_and_without_its_content() {
    answer(Signed.of("{\"secret\":1}").by("a-secret-of-nobody-at-all", Instant.now()));
    answer(Signed.of("{\"secret\":1}"));
    answer(Signed.of("{\"secret\":1}").to("/webhooks/stranger-words/more"));
    await()
        .untilAsserted(
            () ->
                assertThat(relay.rows("select org, source, reason from rejected"))
                    .contains("acme convor bad-signature", "acme convor no-type", "- - unknown"));
    assertThat(relay.rows("select * from rejected").toString())
        .doesNotContain("secret\":", "stranger-words");
  }
}
