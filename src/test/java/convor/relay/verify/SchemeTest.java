package convor.relay.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SchemeTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "signature-header || signature-header: must name",
        "signature-encoding | utf-8 | signature-encoding = utf-8: must be one of hex, base64",
        "signature-algorithm | md5 | must be one of hmac-sha256, hmac-sha1, hmac-sha512",
        "signature-separator | ; | must be one of none, comma, space",
        "secret-encoding | rot13 | must be one of utf-8, hex, base64",
        "timestamp-unit | days | must be one of seconds, millis, iso8601",
        "body-format | xml | must be one of json, any",
        "timestamp-tolerance | soon | timestamp-tolerance = soon: must be a time as in 300s or 5m",
        "timestamp-tolerance | -5s | must be a time",
        "signed-content | {timestamp}.{boddy} | knows {id}, {timestamp}, {body}, {method} and {url}",
        "signed-content | {timestamp}.body} | knows {id}",
        "signed-content | {timestamp} | must contain {body}",
        "signed-content | {body} | timestamp-header: must be set if signed-content has {timestamp}",
        "timestamp-header || timestamp-header: must be set",
        "timestamp-path | /t | timestamp-path: must be unset",
        "signed-content-without-timestamp | {timestamp}{body} | must be signed-content without",
        "signed-content-without-timestamp | {id}{body} | must be signed-content without",
        "signed-content | {id}.{timestamp}.{body} | must be signed-content without",
        "type-path | type} | type-path = type}: must be JSON pointers",
        "type-path | {type} | must be JSON pointers",
        "type-path | /a,,/b | must be JSON pointers",
        "type-path | , | must be JSON pointers",
        "id-paht | /id | id-paht: is no entry of a scheme; these are: body-format, id-header",
      })
  void a_wrong_entry_is_named_with_what_would_be_right(String entry, String value, String error) {
    Map<String, String> override = Map.of(entry, value == null ? "" : value);
    assertThatThrownBy(() -> Schemes.named("convor", override))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(entry.equals("signed-content") ? "" : entry)
        .hasMessageContaining(error);
  }

  @Test
  void everything_that_is_wrong_is_told_at_once() {
    assertThatThrownBy(
            () -> Scheme.of("own", Map.of("signature-encoding", "x", "timestamp-unit", "y")))
        .message()
        .hasLineCount(4)
        .contains("signature-encoding", "timestamp-unit", "signature-header", "type-path");
  }

  @Test
  void a_signed_id_needs_its_header() {
    assertThatThrownBy(() -> Schemes.named("standard-webhooks", Map.of("id-header", "")))
        .hasMessageContaining("id-header: must be set if signed-content has {id}");
  }

  @Test
  void an_unknown_scheme_is_refused_with_those_that_exist() {
    for (String name : new String[] {"convorr", "", "../schemes/convor", "Convor"}) {
      assertThatThrownBy(() -> Schemes.named(name, Map.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be one of convor, standard-webhooks, github");
    }
  }

  static Stream<Map<String, String>> overrides() {
    return Stream.of(
        Map.of("signature-header", "X-Other, X-More", "signature-prefix", ""),
        Map.of("signature-algorithm", "hmac-sha512", "signature-encoding", "base64"),
        Map.of("signature-algorithm", "hmac-sha1", "signature-separator", "comma"),
        Map.of("signature-separator", "space", "signature-prefix", "s="),
        Map.of("secret-encoding", "hex", "secret-prefix", "0x"),
        Map.of("secret-encoding", "base64"),
        Map.of("signed-content", "{method} {url}\n{timestamp}:{body}!"),
        Map.of("signed-content", "{id}{timestamp}{body}", "signed-content-without-timestamp", ""),
        Map.of(
            "timestamp-header",
            "Date-Signed",
            "timestamp-prefix",
            "at=",
            "timestamp-unit",
            "millis"),
        Map.of("timestamp-unit", "iso8601", "timestamp-tolerance", "1m30s"));
  }

  @ParameterizedTest
  @MethodSource("overrides")
  void every_entry_about_signing_can_be_overridden(Map<String, String> overrides) {
    Scheme scheme = Schemes.named("convor", overrides);
    String secret = overrides.containsKey("secret-prefix") ? "0xc0ffee" : "c0ffee00";
    Post post = new Post(scheme, "{\"type\":\"a\"}".getBytes(UTF_8)).signed(secret);
    post.verified();
    post.body[9] ^= 1;
    assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
  }

  @Test
  void the_tolerance_can_be_overridden() {
    Scheme scheme = Schemes.named("convor", Map.of("timestamp-tolerance", "1m30s"));
    Post post = new Post(scheme, "{\"type\":\"a\"}".getBytes(UTF_8)).signed("secret");
    post.verified(Post.NOW.plus(Duration.ofSeconds(90)));
    assertThat(post.reason(Post.NOW.plus(Duration.ofSeconds(91)))).isEqualTo(Reason.STALE);
  }

  @Test
  void method_and_url_are_signed_where_the_scheme_says_so() {
    Scheme scheme =
        Scheme.of(
            "own",
            Map.of(
                "signature-header",
                "X-Sig",
                "signed-content",
                "{method}{url}{body}",
                "type-path",
                "/type"));
    Post post = new Post(scheme, "{\"type\":\"a\"}".getBytes(UTF_8)).secrets("secret");
    post.headers.putAll(
        Signer.sign(scheme, "secret", "x", post.body, Post.NOW, "POST", Post.URL + "/other"));
    assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
    post.signed("secret").verified();
  }

  @Test
  void every_entry_about_the_body_can_be_overridden() {
    Map<String, String> overrides = new LinkedHashMap<>();
    overrides.put("id-path", "/a~1b");
    overrides.put("type-path", "/items/0/kind");
    overrides.put("type-header", "X-Kind");
    overrides.put("organization-path", "/org");
    overrides.put("subject-path", "{/nope}, thing/{/items/0/n}-{/org}");
    overrides.put("version-path", "/nope,/v");
    overrides.put("body-format", "any");
    Scheme scheme = Schemes.named("convor", overrides);
    String body = "{\"a/b\":\"k\",\"items\":[{\"kind\":\"t\",\"n\":5}],\"org\":\"o\",\"v\":9}";
    Post post = new Post(scheme, body.getBytes(UTF_8)).signed("secret");
    post.organization = "o";
    assertThat(post.verdict())
        .isEqualTo(new Verdict.Verified("k", "t", "thing/5-o", "9", 0, "msg_1"));
    assertThat(scheme.headers()).contains("x-kind").doesNotContain("x-convor-event");
  }

  @Test
  void the_names_of_all_entries_are_known() {
    assertThat(Schemes.entryNames())
        .containsExactlyInAnyOrder(
            "signature-header",
            "signature-prefix",
            "signature-separator",
            "signature-algorithm",
            "signature-encoding",
            "secret-prefix",
            "secret-encoding",
            "signed-content",
            "signed-content-without-timestamp",
            "timestamp-header",
            "timestamp-prefix",
            "timestamp-path",
            "timestamp-unit",
            "timestamp-tolerance",
            "id-header",
            "id-path",
            "type-header",
            "type-path",
            "organization-path",
            "subject-path",
            "version-path",
            "body-format");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "stripe | {\"id\":\"evt_1\",\"type\":\"charge.failed\",\"created\":5,\"data\":{\"object\":{\"object\":\"charge\",\"id\":\"ch_1\"}}} | evt_1 | charge.failed | charge/ch_1 | 5",
        "slack | {\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event\":{\"type\":\"message\",\"channel\":\"C1\",\"event_ts\":\"1.2\"}} | Ev1 | message | channel/C1 | 1.2",
        "zendesk | {\"id\":\"z1\",\"type\":\"zen:event-type:ticket.created\",\"subject\":\"zen:ticket:4\",\"detail\":{\"updated_at\":\"u\"}} | z1 | zen:event-type:ticket.created | zen:ticket:4 | u",
        "intercom | {\"id\":\"notif_1\",\"topic\":\"conversation.user.created\",\"data\":{\"item\":{\"type\":\"conversation\",\"id\":\"5\",\"updated_at\":7}}} | notif_1 | conversation.user.created | conversation/5 | 7",
        "standard-webhooks | {\"type\":\"contact.created\"} | msg_1 | contact.created | |",
      })
  void shipped_schemes_find_key_type_subject_and_version(
      String scheme, String body, String key, String type, String subject, String version) {
    String secret = scheme.equals("standard-webhooks") ? "c2VjcmV0IQ==" : "secret";
    Verdict.Verified event = Post.of(scheme, body).signed(secret).verified();
    assertThat(event.key()).isEqualTo(key);
    assertThat(event.type()).isEqualTo(type);
    assertThat(event.subject()).isEqualTo(subject);
    assertThat(event.version()).isEqualTo(version);
  }

  @Test
  void a_github_form_is_read_through_its_payload() {
    Post post =
        Post.of(
                "github",
                "payload=%7B%22issue%22%3A%7B%22url%22%3A%22u%22%2C%22updated_at%22%3A%22v%22%7D%7D")
            .signed("secret")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-GitHub-Event", "issues");
    assertThat(post.verified().subject()).isEqualTo("u");
    assertThat(post.verified().version()).isEqualTo("v");
  }

  @Test
  void a_chatwoot_body_is_keyed_by_its_hash_since_its_id_is_the_records() {
    Post post =
        Post.of("chatwoot", "{\"event\":\"message_created\",\"id\":1,\"conversation\":{\"id\":9}}");
    Verdict.Verified event = post.signed("secret").verified();
    assertThat(event.key()).hasSize(64);
    assertThat(event.type()).isEqualTo("message_created");
    assertThat(event.subject()).isEqualTo("conversation/9");
  }
}
