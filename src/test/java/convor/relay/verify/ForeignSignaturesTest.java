package convor.relay.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.slack.api.app_backend.SlackSignature;
import com.stripe.net.Webhook;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures that other people's code or documentation made, and theirs accepting ours. */
class ForeignSignaturesTest {
  private static final String WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String EVENT =
      "{\"id\":\"evt_1\",\"type\":\"ping\",\"text\":\"h\u00e9 \u2603\"}";
  private static final long SECONDS = Post.NOW.getEpochSecond();

  @Test
  void a_signature_of_the_standard_webhooks_library_is_accepted() throws Exception {
    String signature = new com.standardwebhooks.Webhook(WHSEC).sign("msg_1", SECONDS, EVENT);
    Verdict.Verified event =
        Post.of("standard-webhooks", EVENT)
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", Long.toString(SECONDS))
            .header("webhook-signature", signature)
            .secrets(WHSEC)
            .verified();
    assertThat(event.key()).isEqualTo("msg_1");
    assertThat(event.type()).isEqualTo("ping");
  }

  @Test
  void a_signature_of_the_svix_library_is_accepted_under_svix_header_names() throws Exception {
    String signature = new com.svix.Webhook(WHSEC).sign("msg_1", SECONDS, EVENT);
    Verdict.Verified event =
        Post.of("standard-webhooks", EVENT)
            .header("svix-id", "msg_1")
            .header("svix-timestamp", Long.toString(SECONDS))
            .header("svix-signature", signature)
            .secrets(WHSEC)
            .verified();
    assertThat(event.key()).isEqualTo("msg_1");
  }

  @Test
  void a_secret_without_its_prefix_is_the_same_secret() throws Exception {
    Post.of("standard-webhooks", EVENT)
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", Long.toString(SECONDS))
        .header("webhook-signature", new com.svix.Webhook(WHSEC).sign("msg_1", SECONDS, EVENT))
        .secrets(WHSEC.substring("whsec_".length()))
        .verified();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%s v1,AAAA",
        "v1,AAAA %s",
        "v1a,AAAA v2,AAAA %s",
        "%s %s",
        "v1,AAAA  %s v1a,%s",
      })
  void of_several_standard_webhooks_signatures_one_of_a_known_version_is_enough(String header)
      throws Exception {
    String signature = new com.standardwebhooks.Webhook(WHSEC).sign("msg_1", SECONDS, EVENT);
    Post post =
        Post.of("standard-webhooks", EVENT)
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", Long.toString(SECONDS))
            .header("webhook-signature", header.replace("%s", signature))
            .secrets(WHSEC);
    post.verified();
    post.header("webhook-signature", signature.replace("v1,", "v2,"));
    assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
  }

  @Test
  void the_standard_webhooks_and_svix_libraries_accept_what_we_sign() {
    Scheme scheme = Schemes.named("standard-webhooks", Map.of());
    Map<String, String> ours =
        Signer.sign(scheme, WHSEC, "msg_1", EVENT.getBytes(UTF_8), Instant.now(), "POST", Post.URL);
    Map<String, List<String>> headers =
        ours.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> List.of(e.getValue())));
    assertThatCode(() -> new com.standardwebhooks.Webhook(WHSEC).verify(EVENT, headers))
        .doesNotThrowAnyException();
    assertThatCode(() -> new com.svix.Webhook(WHSEC).verify(EVENT, headers))
        .doesNotThrowAnyException();
  }

  @Test
  void the_example_of_the_svix_documentation_is_accepted() {
    Verdict.Verified event =
        Post.of("standard-webhooks", "{\"event_type\":\"ping\",\"data\":{\"success\":true}}")
            .header("svix-id", "msg_loFOjxBNrRLzqYUf")
            .header("svix-timestamp", "1731705121")
            .header("svix-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=")
            .secrets("whsec_plJ3nmyCDGBKInavdOK15jsl")
            .verified(Instant.ofEpochSecond(1731705121));
    assertThat(event.key()).isEqualTo("msg_loFOjxBNrRLzqYUf");
    assertThat(event.type()).isEqualTo("ping");
  }

  @Test
  void a_signature_of_the_stripe_library_is_accepted_among_several() throws Exception {
    String right = Webhook.Util.computeHmacSha256("whsec_stripe", SECONDS + "." + EVENT);
    String wrong = Webhook.Util.computeHmacSha256("another", SECONDS + "." + EVENT);
    Post post = Post.of("stripe", EVENT).secrets("old", "whsec_stripe");
    post.header(
        "Stripe-Signature", "t=" + SECONDS + ",v1=" + wrong + ",v1=" + right + ",v0=" + wrong);
    assertThat(post.verified().secretIndex()).isEqualTo(1);
    assertThat(post.verified().key()).isEqualTo("evt_1");
    post.header("Stripe-Signature", "t=" + SECONDS + ",v1=" + wrong + ",v0=" + right);
    assertThat(post.reason()).isEqualTo(Reason.BAD_SIGNATURE);
    post.header("Stripe-Signature", "v1=" + right);
    assertThat(post.reason()).isEqualTo(Reason.NO_SIGNATURE);
  }

  @Test
  void the_stripe_library_accepts_what_we_sign() {
    Post post = Post.of("stripe", EVENT).signed("whsec_stripe");
    Clock clock = Clock.fixed(Post.NOW, ZoneOffset.UTC);
    String header = post.headers.get("Stripe-Signature");
    assertThatCode(() -> Webhook.Signature.verifyHeader(EVENT, header, "whsec_stripe", 300, clock))
        .doesNotThrowAnyException();
  }

  @Test
  void a_signature_of_the_slack_library_is_accepted_and_it_accepts_ours() {
    SlackSignature.Generator slack = new SlackSignature.Generator("slack secret");
    String body =
        "{\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event\":{\"type\":\"message\"}}";
    Post post =
        Post.of("slack", body)
            .header("X-Slack-Request-Timestamp", Long.toString(SECONDS))
            .header("X-Slack-Signature", slack.generate(Long.toString(SECONDS), body))
            .secrets("slack secret");
    assertThat(post.verified().key()).isEqualTo("Ev1");
    assertThat(post.verified().type()).isEqualTo("message");
    Map<String, String> theirs = Map.copyOf(post.headers);
    assertThat(post.signed("slack secret").headers).containsAllEntriesOf(theirs);
  }

  @Test
  void the_example_of_the_slack_documentation_is_accepted_as_the_form_that_it_is() {
    String body =
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            + "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
            + "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
            + "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    Post post =
        Post.of("slack", body)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-Slack-Request-Timestamp", "1531420618")
            .header(
                "X-Slack-Signature",
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
            .secrets("8f742231b10e8888abcd99yyyzzz85a5");
    Verdict.Verified event = post.verified(Instant.ofEpochSecond(1531420618));
    assertThat(event.type()).isEqualTo("/webhook-collect");
    assertThat(event.subject()).isEqualTo("channel/G8PSS9T3V");
    assertThat(event.key()).hasSize(64);
  }

  @Test
  void the_example_of_the_github_documentation_is_accepted() {
    Verdict.Verified event =
        Post.of("github", "Hello, World!")
            .header("X-GitHub-Event", "ping")
            .header("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
            .header(
                "X-Hub-Signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
            .secrets("It's a Secret to Everybody")
            .verified();
    assertThat(event.type()).isEqualTo("ping");
    assertThat(event.displayedId()).isEqualTo("72d3162e-cc78-11e3-81ab-4c9367dc0958");
    // printf 'Hello, World!' | sha256sum
    assertThat(event.key())
        .isEqualTo("dffd6021bb2bd5b0af676290809ec3a53191dd81c7f70a4b28688a362182986f");
  }

  /**
   * Zendesk's page says timestamp + body, and so does the code in it; the values printed on its
   * older page (developer.zendesk.com/documentation/event-connectors/webhooks/verifying) are of
   * body + timestamp. What is signed is an entry, so both can be had.
   */
  @Test
  void the_example_of_the_zendesk_documentation_is_accepted_in_the_order_it_was_made_in() {
    Scheme scheme =
        Schemes.named(
            "zendesk", Map.of("signed-content", "{body}{timestamp}", "type-path", "greeting"));
    Post post = new Post(scheme, "{\"say\": \"hello\"}".getBytes(UTF_8));
    post.header("X-Zendesk-Webhook-Signature-Timestamp", "2021-07-25T10:00:00Z")
        .header("X-Zendesk-Webhook-Signature", "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=")
        .secrets("HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=");
    assertThat(post.verified(Instant.parse("2021-07-25T10:00:00Z")).type()).isEqualTo("greeting");
  }

  /** printf '%s' "$signed" | openssl dgst -sha256 -hmac 's3cret of ten' [-binary | base64] */
  @ParameterizedTest
  @CsvSource({
    "convor, X-Convor-Signature, sha256=45eab13b9abf39b13eecf3566dbdd72f04bd3a60bc4a23e1e6a63b0a39897c58,"
        + " X-Convor-Timestamp, 1795428000",
    "convor, X-Convor-Signature, sha256=cec32ba183872790a9d4edb44c0c8487108ae6d7bb79145fa21a9f76e081fe4a,,",
    "github, X-Hub-Signature-256, sha256=cec32ba183872790a9d4edb44c0c8487108ae6d7bb79145fa21a9f76e081fe4a,,",
    "shopify, X-Shopify-Hmac-SHA256, zsMroYOHJ5Cp1O20TAyEhxCK5te7eRRfohqfduCB/ko=,,",
    "zendesk, X-Zendesk-Webhook-Signature, DRAb9S4QCUUf3xsSvKDfOj38/9Bt2q9NDzGcoVAtduI=,"
        + " X-Zendesk-Webhook-Signature-Timestamp, 2026-11-23T10:00:00Z",
    "intercom, X-Hub-Signature, sha1=443352bd933361ab37de13d70e7fa99076e10ed8,,",
    "linear, Linear-Signature, cec32ba183872790a9d4edb44c0c8487108ae6d7bb79145fa21a9f76e081fe4a,,",
    "chatwoot, X-Chatwoot-Signature, sha256=45eab13b9abf39b13eecf3566dbdd72f04bd3a60bc4a23e1e6a63b0a39897c58,"
        + " X-Chatwoot-Timestamp, 1795428000",
  })
  void signatures_made_with_openssl_are_accepted(
      String scheme, String header, String signature, String timestampHeader, String timestamp) {
    Post post =
        Post.of(
            scheme,
            "{\"id\":\"e1\",\"type\":\"t\",\"topic\":\"t\",\"event\":\"t\",\"webhookTimestamp\":1795428000000}");
    post.header(header, signature).secrets("s3cret of ten");
    post.scheme.event().typeHeaders().forEach(name -> post.header(name, "t"));
    if (timestampHeader != null) {
      post.header(timestampHeader, timestamp);
    }
    assertThat(post.verified().type()).isEqualTo("t");
  }
}
