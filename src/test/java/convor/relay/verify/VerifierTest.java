package convor.relay.verify;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is decided once the signature is right, and in which order. */
class VerifierTest {
  private static final String EVENT =
      "{\"id\":\"evt_1\",\"type\":\"conversation.closed\",\"organization_id\":\"org_acme\","
          + "\"data\":{\"conversation\":{\"id\":\"c_1\",\"updated_at\":\"2026-11-23T10:00:00Z\"}}}";
  private static final String HASH = "[0-9a-f]{64}";

  private static Post convor(String body) {
    return Post.of("convor", body).signed("secret");
  }

  private static Post convor(Map<String, String> overrides, byte[] body) {
    return new Post(Schemes.named("convor", overrides), body).signed("secret");
  }

  private static Post signedWithoutTime(String body) {
    Scheme untimed =
        Schemes.named(
            "convor",
            Map.of(
                "signed-content", "{body}",
                "signed-content-without-timestamp", "",
                "timestamp-header", ""));
    return new Post(untimed, body.getBytes(UTF_8)).signed("secret");
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void an_event_of_convor_is_read_whole() {
    assertThat(convor(EVENT).verdict())
        .isEqualTo(
            new Verdict.Verified(
                "evt_1",
                "conversation.closed",
                "conversation/c_1",
                "2026-11-23T10:00:00Z",
                0,
                "msg_1"));
  }

  // -- time

  @Test
  void a_convor_signature_over_the_body_alone_is_accepted_unless_a_timestamp_is_required() {
    Post post = Post.of("convor", EVENT).secrets("secret");
    post.headers.putAll(signedWithoutTime(EVENT).headers);
    post.verified(Post.NOW.plus(Duration.ofDays(365)));
    post.requireTimestamp = true;
    assertThat(post.reason()).isEqualTo(Reason.STALE);
  }

  @Test
  void a_signed_timestamp_cannot_be_stripped() {
    Post post = convor(EVENT);
    post.headers.remove("X-Convor-Timestamp");
    assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
  }

  @Test
  void a_timestamp_moved_into_the_body_makes_no_event() {
    Post post = convor(EVENT);
    String time = post.headers.remove("X-Convor-Timestamp");
    post.body = (time + "." + EVENT).getBytes(UTF_8);
    assertThat(post.reason()).isEqualTo(Reason.UNREADABLE);
  }

  @Test
  void a_body_signed_alone_cannot_be_given_a_timestamp() {
    String body = "{\"type\":\"a\",\"n\":1.5}";
    Post post = Post.of("convor", "5}").secrets("secret");
    post.headers.putAll(signedWithoutTime(body).headers);
    post.header("X-Convor-Timestamp", body.substring(0, body.indexOf('.')));
    assertThat(post.reason()).isEqualTo(Reason.STALE);
  }

  // -- order of decisions

  @Test
  void who_cannot_sign_learns_nothing_of_what_else_is_wrong() {
    Post post = convor("not JSON").secrets("another");
    post.organization = "org_other";
    assertThat(post.reason(Post.NOW.plus(Duration.ofDays(1)))).isEqualTo(Reason.BAD_SIGNATURE);
    post.secrets("secret");
    assertThat(post.reason(Post.NOW.plus(Duration.ofDays(1)))).isEqualTo(Reason.STALE);
    assertThat(post.reason()).isEqualTo(Reason.UNREADABLE);
  }

  @Test
  void a_body_that_names_another_organization_is_refused_before_its_type_is_looked_at() {
    Post post = convor("{\"organization_id\":\"org_acme\"}");
    post.organization = "org_other";
    assertThat(post.reason()).isEqualTo(Reason.WRONG_ORGANIZATION);
    post.organization = "org_acme";
    assertThat(post.reason()).isEqualTo(Reason.NO_TYPE);
  }

  @ParameterizedTest
  @CsvSource({
    "org_acme, '{\"type\":\"a\"}', true",
    "org_acme, '{\"type\":\"a\",\"organization_id\":null}', true",
    "org_acme, '{\"type\":\"a\",\"organization_id\":\"org_acme\"}', true",
    "42, '{\"type\":\"a\",\"organization_id\":42}', true",
    "org_acme, '{\"type\":\"a\",\"organization_id\":\"ORG_ACME\"}', false",
    "org_acme, '{\"type\":\"a\",\"organization_id\":\"org_acme \"}', false",
    "42, '{\"type\":\"a\",\"organization_id\":43}', false",
    ", '{\"type\":\"a\",\"organization_id\":\"any\"}', true",
  })
  void a_body_may_name_its_own_organization_or_none(String own, String body, boolean accepted) {
    Post post = convor(body);
    post.organization = own;
    assertThat(post.verdict() instanceof Verdict.Verified).isEqualTo(accepted);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "hello",
        "\"text\"",
        "17",
        "null",
        "true",
        "{",
        "{\"type\":\"a\"",
        "{\"type\":\"a\"}x",
        "{\"type\":\"a\"}{}",
        "{\"type\":\"a\"}]",
        "{'type':'a'}",
        "{\"type\":\"a\",}",
        "type=a",
        "{\"type\":NaN}",
        "/**/{\"type\":\"a\"}",
        "{\"type\":\"\u0001\"}"
      })
  void what_is_not_json_is_unreadable_and_the_reason_quotes_nothing_of_it(String body) {
    Verdict verdict = convor(body).verdict();
    assertThat(verdict).isInstanceOf(Verdict.Rejected.class);
    Verdict.Rejected rejected = (Verdict.Rejected) verdict;
    assertThat(rejected.reason()).isEqualTo(Reason.UNREADABLE);
    assertThat(rejected.detail()).startsWith("not ").contains("JSON").doesNotContain("type");
  }

  @ParameterizedTest
  @CsvSource({"99, true", "100, false", "100000, false"})
  void json_is_read_to_a_depth_of_one_hundred(int arrays, boolean accepted) {
    String body = "{\"type\":\"a\",\"x\":" + "[".repeat(arrays) + "]".repeat(arrays) + "}";
    assertThat(convor(body).verdict() instanceof Verdict.Verified).isEqualTo(accepted);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "", "x"})
  void a_json_source_reads_json_whatever_the_content_type_says(String contentType) {
    convor(EVENT).header("Content-Type", contentType).verified();
  }

  @Test
  void bytes_that_are_no_text_are_verified_as_they_are() {
    byte[] bytes = "{\"type\":\"a\",\"text\":\"\u00e9\"}".getBytes(ISO_8859_1);
    Post json = new Post(Schemes.named("convor", Map.of()), bytes).signed("secret");
    assertThat(json.reason()).isEqualTo(Reason.UNREADABLE);
    byte[] noise = new byte[256];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) i;
    }
    Post any = new Post(Schemes.named("github", Map.of()), noise).signed("secret");
    assertThat(any.header("X-GitHub-Event", "push").verified().key()).matches(HASH);
  }

  // -- gzip

  @Test
  void gzip_is_signed_as_sent_and_read_inflated() throws IOException {
    Post post = convor(Map.of(), gzip(EVENT.getBytes(UTF_8))).header("Content-Encoding", "gzip");
    assertThat(post.verified().key()).isEqualTo("evt_1");
    post.body = EVENT.getBytes(UTF_8);
    assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
  }

  @Test
  void what_inflates_beyond_the_bound_is_unreadable() throws IOException {
    String padded = "{\"type\":\"a\"}" + " ".repeat(Post.MAX_DECODED - 12);
    convor(Map.of(), gzip(padded.getBytes(UTF_8))).header("Content-Encoding", "gzip").verified();
    Post post =
        convor(Map.of(), gzip((padded + " ").getBytes(UTF_8))).header("Content-Encoding", "gzip");
    assertThat(post.reason()).isEqualTo(Reason.UNREADABLE);
    Post bomb = convor(Map.of(), gzip(new byte[50_000_000])).header("Content-Encoding", "gzip");
    assertThat(bomb.reason()).isEqualTo(Reason.UNREADABLE);
  }

  @Test
  void an_encoding_that_is_not_what_it_says_or_not_known_is_unreadable() throws IOException {
    byte[] gzip = gzip(EVENT.getBytes(UTF_8));
    Post cut = convor(Map.of(), Arrays.copyOf(gzip, gzip.length - 9));
    assertThat(cut.header("Content-Encoding", "gzip").reason()).isEqualTo(Reason.UNREADABLE);
    for (String encoding : new String[] {"gzip", "br", "deflate", "gzip, gzip", "\u0000"}) {
      assertThat(convor(EVENT).header("Content-Encoding", encoding).reason())
          .isEqualTo(Reason.UNREADABLE);
    }
    convor(EVENT).header("Content-Encoding", "identity").verified();
  }

  // -- key

  @Test
  void an_unsigned_id_header_is_displayed_and_never_the_key() {
    Post post = convor("{\"type\":\"a\"}");
    Verdict.Verified first = post.verified();
    Verdict.Verified replayed = post.header("X-Convor-Event-Id", "fresh").verified();
    assertThat(first.key()).matches(HASH).isEqualTo(replayed.key());
    assertThat(replayed.displayedId()).isEqualTo("fresh");
    post.headers.remove("X-Convor-Event-Id");
    assertThat(post.verified().displayedId()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"type\":\"a\",\"id\":\"e\"}', e",
    "'{\"type\":\"a\",\"id\":7}', 7",
    "'{\"type\":\"a\",\"id\":123456789012345678901234567890}', 123456789012345678901234567890",
    "'{\"type\":\"a\",\"data\":{\"id\":\"d\"},\"updated_at\":\"u\"}', a:d:u",
  })
  void the_key_is_the_id_of_the_body_or_else_the_configured_fields(String body, String key) {
    Map<String, String> fields = Map.of("id-path", "/id, {/type}:{/data/id}:{/updated_at}");
    assertThat(convor(fields, body.getBytes(UTF_8)).verified().key()).isEqualTo(key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"a\"}",
        "{\"type\":\"a\",\"id\":null}",
        "{\"type\":\"a\",\"id\":\"\"}",
        "{\"type\":\"a\",\"id\":\" \"}",
        "{\"type\":\"a\",\"id\":{}}",
        "{\"type\":\"a\",\"id\":[1]}",
        "{\"type\":\"a\",\"id\":true}",
        "{\"type\":\"a\",\"id\":1.5}",
        "{\"type\":\"a\",\"data\":{\"id\":\"d\"}}"
      })
  void without_any_of_them_the_key_is_the_hash_of_the_body(String body) {
    Map<String, String> fields = Map.of("id-path", "/id, {/type}:{/data/id}:{/updated_at}");
    String key = convor(fields, body.getBytes(UTF_8)).verified().key();
    assertThat(key).matches(HASH);
    assertThat(convor(fields, (body + " ").getBytes(UTF_8)).verified().key()).isNotEqualTo(key);
  }

  @Test
  void a_key_or_subject_that_cannot_be_stored_is_its_hash() {
    for (String id : new String[] {"x".repeat(256), "a\\u0000b", "a\\nb", "\\ud800"}) {
      String body =
          "{\"type\":\"a\",\"id\":\"%s\",\"data\":{\"visitor\":{\"id\":\"%s\",\"updated_at\":\"%s\"}}}";
      Verdict.Verified event = convor(body.replace("%s", id)).verified();
      assertThat(event.key()).matches(HASH);
      assertThat(event.subject()).matches(HASH);
      assertThat(event.version()).isNull();
    }
    assertThat(convor("{\"type\":\"a\",\"id\":\"" + "x".repeat(255) + "\"}").verified().key())
        .hasSize(255);
    assertThat(convor("{\"type\":\"a\",\"id\":\"" + "x".repeat(256) + "\"}").verified().key())
        .isEqualTo(convor("{\"id\":\"" + "x".repeat(256) + "\",\"type\":\"b\"}").verified().key());
  }

  @Test
  void a_linear_retry_with_a_new_time_has_the_same_key() {
    String body =
        "{\"action\":\"create\",\"type\":\"Issue\",\"createdAt\":\"2026-11-23T09:59:59Z\","
            + "\"data\":{\"id\":\"i1\"},\"webhookTimestamp\":";
    long now = Post.NOW.toEpochMilli();
    Verdict.Verified first = Post.of("linear", body + now + "}").signed("secret").verified();
    Verdict.Verified retry =
        Post.of("linear", body + (now - 30_000) + "}").signed("secret").verified();
    assertThat(first.key())
        .isEqualTo("Issue:create:i1:2026-11-23T09:59:59Z")
        .isEqualTo(retry.key());
    assertThat(first.type()).isEqualTo("Issue.create");
    assertThat(first.subject()).isEqualTo("Issue/i1");
  }

  // -- type

  @Test
  void the_bodys_type_wins_over_the_unsigned_header_which_serves_where_it_has_none() {
    Post post = convor("{\"type\":\"signed\"}").header("X-Convor-Event", "unsigned");
    assertThat(post.verified().type()).isEqualTo("signed");
    Post without = convor("{\"id\":\"e\"}").header("X-Convor-Event", "unsigned");
    assertThat(without.verified().type()).isEqualTo("unsigned");
    without.headers.remove("X-Convor-Event");
    assertThat(without.reason()).isEqualTo(Reason.NO_TYPE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\\u0000", "a\\r\\nb", "\\u007f", "\\u0085", "\\ud800", "\\udc00a"})
  void a_type_with_control_characters_is_refused(String type) {
    assertThat(convor("{\"type\":\"" + type + "\"}").reason()).isEqualTo(Reason.NO_TYPE);
  }

  @Test
  void a_type_that_is_too_long_is_refused_wherever_it_stands() {
    convor("{\"type\":\"" + "x".repeat(128) + "\"}").verified();
    assertThat(convor("{\"type\":\"" + "x".repeat(129) + "\"}").reason()).isEqualTo(Reason.NO_TYPE);
    Post post = convor("{\"id\":\"e\"}");
    assertThat(post.header("X-Convor-Event", "x".repeat(129)).reason()).isEqualTo(Reason.NO_TYPE);
    assertThat(post.header("X-Convor-Event", "a\nb").reason()).isEqualTo(Reason.NO_TYPE);
    assertThat(post.header("X-Convor-Event", "").reason()).isEqualTo(Reason.NO_TYPE);
  }

  @Test
  void a_fixed_text_at_the_end_of_a_list_is_a_default() {
    Map<String, String> fixed = Map.of("type-path", "/type, convor.event");
    assertThat(convor(fixed, "{}".getBytes(UTF_8)).verified().type()).isEqualTo("convor.event");
  }

  // -- reasons

  @ParameterizedTest
  @CsvSource({
    "NO_SIGNATURE, 401, no-signature",
    "BAD_SIGNATURE, 401, bad-signature",
    "STALE, 401, stale",
    "WRONG_ORGANIZATION, 403, wrong-organization",
    "UNREADABLE, 400, unreadable",
    "NO_TYPE, 400, no-type",
  })
  void each_reason_has_its_status_and_code(Reason reason, int status, String code) {
    assertThat(reason.status()).isEqualTo(status);
    assertThat(reason.code()).isEqualTo(code);
  }
}
