package convor.relay.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A request in the making, for tests. */
final class Post {
  static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  static final int MAX_DECODED = 64 * 1024;
  static final String URL = "https://relay.example.com/webhooks/acme";

  final Scheme scheme;
  final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  byte[] body;
  List<String> secrets = List.of();
  boolean requireTimestamp;
  String organization;

  Post(Scheme scheme, byte[] body) {
    this.scheme = scheme;
    this.body = body;
  }

  static Post of(String scheme, String body) {
    return new Post(Schemes.named(scheme, Map.of()), body.getBytes(UTF_8));
  }

  /** Signs it now, as the scheme's sender would, and lets the source have that one secret. */
  Post signed(String secret) {
    headers.putAll(Signer.sign(scheme, secret, "msg_1", body, NOW, "POST", URL));
    secrets = List.of(secret);
    return this;
  }

  Post secrets(String... values) {
    secrets = List.of(values);
    return this;
  }

  Post header(String name, String value) {
    headers.put(name, value);
    return this;
  }

  Verdict verdict() {
    return verdict(NOW);
  }

  Verdict verdict(Instant now) {
    Source source = new Source("acme", "s", scheme, secrets, requireTimestamp, organization);
    return Verifier.verify(
        source, new WebhookRequest("POST", URL, headers::get, body), now, MAX_DECODED);
  }

  Verdict.Verified verified() {
    return verified(NOW);
  }

  Verdict.Verified verified(Instant now) {
    Verdict verdict = verdict(now);
    if (verdict instanceof Verdict.Verified verified) {
      return verified;
    }
    throw new AssertionError(scheme.name() + ": " + verdict);
  }

  Reason reason() {
    return reason(NOW);
  }

  Reason reason(Instant now) {
    Verdict verdict = verdict(now);
    if (verdict instanceof Verdict.Rejected rejected) {
      return rejected.reason();
    }
    throw new AssertionError(scheme.name() + " accepted: " + verdict);
  }
}
