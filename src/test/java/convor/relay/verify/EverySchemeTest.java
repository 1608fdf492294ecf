package convor.relay.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every scheme that ships. */
class EverySchemeTest {
  private static final Map<String, Duration> TOLERANCE =
      Map.of(
          "convor", Duration.ofSeconds(300),
          "standard-webhooks", Duration.ofSeconds(300),
          "stripe", Duration.ofSeconds(300),
          "slack", Duration.ofSeconds(300),
          "zendesk", Duration.ofSeconds(300),
          "chatwoot", Duration.ofSeconds(300),
          "linear", Duration.ofSeconds(60));
  private static final Set<String> TIMELESS = Set.of("github", "shopify", "intercom");
  private static final String BODY =
      "{\"id\":\"e1\",\"type\":\"t\",\"topic\":\"t\",\"event\":\"t\",\"webhookTimestamp\":"
          + Post.NOW.toEpochMilli()
          + "}";

  static List<String> schemes() {
    return Schemes.names();
  }

  static Stream<String> schemesWithTime() {
    return TOLERANCE.keySet().stream().sorted();
  }

  private static String secret(String scheme, int number) {
    byte[] key = ("a secret that is number " + number).getBytes(UTF_8);
    return scheme.equals("standard-webhooks")
        ? "whsec_" + Base64.getEncoder().encodeToString(key)
        : new String(key, UTF_8);
  }

  private static Post signed(String scheme) {
    Post post = Post.of(scheme, BODY).signed(secret(scheme, 1));
    post.scheme.event().typeHeaders().forEach(name -> post.header(name, "t"));
    return post;
  }

  /** The headers that the signature covers, and its own. */
  private static List<String> covered(Scheme scheme) {
    return Stream.of(
            scheme.signature().headers(),
            scheme.timestamp().headers(),
            scheme.idIsSigned() ? scheme.event().idHeaders() : List.<String>of())
        .flatMap(names -> names.stream().limit(1))
        .distinct()
        .toList();
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void what_the_sender_signed_is_accepted(String scheme) {
    assertThat(signed(scheme).verified().secretIndex()).isZero();
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void any_flipped_bit_of_the_body_is_refused(String scheme) {
    Post post = signed(scheme);
    for (int bit = 0; bit < post.body.length * 8; bit++) {
      post.body[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(post.reason()).as("bit %d", bit).isEqualTo(Reason.BAD_SIGNATURE);
      post.body[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void any_flipped_bit_of_signature_timestamp_or_signed_id_is_refused(String scheme) {
    Post post = signed(scheme);
    for (String name : covered(post.scheme)) {
      String sent = post.headers.get(name);
      for (int bit = 0; bit < sent.length() * 8; bit++) {
        StringBuilder flipped = new StringBuilder(sent);
        flipped.setCharAt(bit / 8, (char) (sent.charAt(bit / 8) ^ 1 << bit % 8));
        assertThat(post.header(name, flipped.toString()).reason().status())
            .as("%s: %s", name, flipped)
            .isEqualTo(401);
      }
      post.header(name, sent);
    }
    post.verified();
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void a_longer_or_shorter_body_or_signature_is_refused(String scheme) {
    Post post = signed(scheme);
    byte[] body = post.body;
    for (String other : List.of("", BODY + " ", " " + BODY, BODY + BODY, BODY.substring(1))) {
      post.body = other.getBytes(UTF_8);
      assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
    }
    post.body = body;
    String name = post.scheme.signature().headers().get(0);
    String sent = post.headers.get(name);
    for (int length = 0; length < sent.length(); length++) {
      assertThat(post.header(name, sent.substring(0, length)).reason().status()).isEqualTo(401);
    }
    assertThat(post.header(name, sent + "0").reason()).isEqualTo(Reason.BAD_SIGNATURE);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void another_secret_is_refused_and_so_is_everything_while_none_is_configured(String scheme) {
    Post post = signed(scheme);
    assertThat(post.secrets(secret(scheme, 2)).reason()).isEqualTo(Reason.BAD_SIGNATURE);
    assertThat(post.secrets(secret(scheme, 2), secret(scheme, 3)).reason())
        .isEqualTo(Reason.BAD_SIGNATURE);
    assertThat(post.secrets().reason()).isEqualTo(Reason.BAD_SIGNATURE);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void while_secrets_rotate_any_may_have_signed_and_the_verdict_says_which(String scheme) {
    Post post = signed(scheme);
    post.secrets(secret(scheme, 2), secret(scheme, 3), secret(scheme, 1));
    assertThat(post.verified().secretIndex()).isEqualTo(2);
    post.secrets(secret(scheme, 2), secret(scheme, 1), secret(scheme, 3));
    assertThat(post.verified().secretIndex()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("schemesWithTime")
  void a_time_is_good_up_to_the_tolerance_either_way_and_no_further(String scheme) {
    Post post = signed(scheme);
    Duration tolerance = TOLERANCE.get(scheme);
    post.verified(Post.NOW.plus(tolerance));
    post.verified(Post.NOW.minus(tolerance));
    assertThat(post.reason(Post.NOW.plus(tolerance).plusNanos(1))).isEqualTo(Reason.STALE);
    assertThat(post.reason(Post.NOW.minus(tolerance).minusNanos(1))).isEqualTo(Reason.STALE);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void every_scheme_signs_a_time_or_is_known_not_to(String scheme) {
    assertThat(TOLERANCE.containsKey(scheme)).isNotEqualTo(TIMELESS.contains(scheme));
    Post post = signed(scheme);
    if (TIMELESS.contains(scheme)) {
      post.verified(Post.NOW.plus(Duration.ofDays(365)));
      post.requireTimestamp = true;
      assertThatThrownBy(post::verdict).hasMessageContaining("require-timestamp");
    } else {
      post.requireTimestamp = true;
      post.verified();
    }
  }

  @ParameterizedTest
  @MethodSource("schemesWithTime")
  void a_signed_text_that_is_no_time_is_stale(String scheme) {
    Post post = signed(scheme);
    if (post.scheme.timestamp().isInBody()) {
      for (String time : List.of("null", "\"\"", "\"soon\"", "{}", "-1", "1e3", "1.5", "true")) {
        Post other = Post.of(scheme, "{\"type\":\"t\",\"webhookTimestamp\":" + time + "}");
        assertThat(other.signed(secret(scheme, 1)).reason()).isEqualTo(Reason.STALE);
      }
      Post without = Post.of(scheme, "{\"type\":\"t\"}").signed(secret(scheme, 1));
      assertThat(without.reason()).isEqualTo(Reason.STALE);
      return;
    }
    for (String time :
        List.of("", "0", "-1", "+5", "1e9", "9".repeat(40), "soon", "\u00e9", "1 ")) {
      Scheme.Signature signature = post.scheme.signature();
      String value =
          post.scheme.sign(
              secret(scheme, 1),
              signature.content(),
              SignedContent.values("msg_1", time, "POST", Post.URL, post.body));
      if (scheme.equals("stripe")) {
        post.header("Stripe-Signature", "t=" + time + ",v1=" + value);
      } else {
        post.header(post.scheme.timestamp().headers().get(0), time);
        post.header(signature.headers().get(0), signature.prefix() + value);
      }
      assertThat(post.reason()).as(time).isEqualTo(Reason.STALE);
    }
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void a_missing_header_that_the_signature_needs_is_refused(String scheme) {
    Post post = signed(scheme);
    for (String name : covered(post.scheme)) {
      String sent = post.headers.remove(name);
      assertThat(post.reason().status()).as(name).isEqualTo(401);
      post.header(name, sent);
    }
    post.headers.clear();
    assertThat(post.reason()).isEqualTo(Reason.NO_SIGNATURE);
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void garbage_in_a_header_is_refused_and_never_throws(String scheme) {
    Post post = signed(scheme);
    List<String> garbage =
        List.of(
            "",
            " ",
            "=",
            ",",
            ",,,,",
            "sha256=",
            "sha256=abc",
            "sha256=zz",
            "sha1=",
            "v0=",
            "v1,",
            "v1, v1,",
            "t=",
            "t=,v1=",
            "t=1,v1=abc",
            "v1a,====",
            "\u0000",
            "\u00e9\u4e2d\ud800",
            "%00",
            "-",
            "0",
            "null",
            "x".repeat(200_000),
            ",".repeat(200_000),
            " ".repeat(200_000),
            "v1,".repeat(50_000),
            "v1=,".repeat(50_000));
    for (String name : covered(post.scheme)) {
      String sent = post.headers.get(name);
      for (String value : garbage) {
        assertThat(post.header(name, value).reason().status()).isEqualTo(401);
      }
      post.header(name, sent);
    }
    post.verified();
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void garbage_in_a_header_that_is_not_signed_never_throws_and_never_becomes_the_key(
      String scheme) {
    Post post = signed(scheme);
    String key = post.verified().key();
    for (String name : post.scheme.headers()) {
      if (covered(post.scheme).stream().noneMatch(name::equalsIgnoreCase)) {
        String sent = post.headers.get(name);
        for (String value : List.of("", "\u0000", "\u00e9\ud800", "x".repeat(200_000), "msg_2")) {
          if (post.header(name, value).verdict() instanceof Verdict.Verified verified) {
            assertThat(verified.key()).as(name).isEqualTo(key);
          }
        }
        post.headers.remove(name);
        if (sent != null) {
          post.header(name, sent);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void only_the_headers_that_the_scheme_reads_are_allowed_in(String scheme) {
    Post post = signed(scheme);
    assertThat(post.scheme.headers()).contains("content-type", "content-encoding");
    assertThat(post.scheme.headers()).allMatch(name -> name.equals(name.toLowerCase(Locale.ROOT)));
    post.headers
        .keySet()
        .removeIf(n -> !post.scheme.headers().contains(n.toLowerCase(Locale.ROOT)));
    post.verified();
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void a_secret_that_can_be_no_key_is_refused_at_the_start_without_saying_it(String scheme) {
    Post post = signed(scheme);
    assertThatThrownBy(() -> post.secrets(secret(scheme, 1), "").verdict())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("secrets: number 2 must be");
    if (scheme.equals("standard-webhooks")) {
      assertThatThrownBy(() -> post.secrets("whsec_not*base64").verdict())
          .hasMessageContaining("base64")
          .hasMessageNotContaining("not*base64");
    }
    Source source = new Source("acme", "s", post.scheme, List.of(secret(scheme, 1)), false, null);
    assertThat(source.toString()).contains("acme/s", scheme).doesNotContain(secret(scheme, 1));
  }
}
