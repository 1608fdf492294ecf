package convor.relay.verify;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request is an event of its source. First the signature over the bytes as sent,
 * then the signed time, and only then the body: nobody learns anything of the parser who cannot
 * sign.
 */
public final class Verifier {
  private Verifier() {}

  /**
   * The verdict; never throws, whatever was sent.
   *
   * @param maxDecodedBytes how large a compressed body may become
   */
  public static Verdict verify(
      Source source, WebhookRequest request, Instant now, int maxDecodedBytes) {
    Scheme scheme = source.scheme();
    HeaderLookup headers = request.headers();
    Scheme.Signature signature = scheme.signature();
    Scheme.Timestamp timestamp = scheme.timestamp();

    String signatureSent = Scheme.first(signature.headers(), headers);
    if (signatureSent == null) {
      return missing(signature.headers());
    }
    String id = Scheme.first(scheme.event().idHeaders(), headers);
    if (id == null && scheme.idIsSigned()) {
      return missing(scheme.event().idHeaders());
    }
    String sentAt = timestampSent(scheme, headers);
    SignedContent content =
        sentAt == null ? signature.contentWithoutTimestamp() : signature.content();
    if (sentAt == null && content.covers(SignedContent.TIMESTAMP)) {
      return missing(timestamp.headers());
    }
    var values = SignedContent.values(id, sentAt, request.method(), request.url(), request.body());
    var sent = signature.valuesAfter(signature.prefix(), signatureSent);
    int secretIndex = signedBy(source, sent, content, values);
    if (secretIndex < 0) {
      return new Verdict.Rejected(
          Reason.BAD_SIGNATURE, "not signed with a configured secret over what was sent");
    }
    if (!timestamp.isInBody() && !isInTime(source, sentAt, now)) {
      return stale(timestamp);
    }
    JsonNode body;
    try {
      body = read(scheme, request, maxDecodedBytes);
    } catch (IOException e) {
      return new Verdict.Rejected(Reason.UNREADABLE, String.valueOf(e.getMessage()));
    }
    if (timestamp.isInBody() && !isInTime(source, timestamp.path().find(body), now)) {
      return stale(timestamp);
    }
    return event(source, request, body, id, secretIndex);
  }

  private static @Nullable String timestampSent(Scheme scheme, HeaderLookup headers) {
    String header = Scheme.first(scheme.timestamp().headers(), headers);
    String prefix = scheme.timestamp().prefix();
    if (header == null || prefix.isEmpty()) {
      return header;
    }
    return scheme.signature().valuesAfter(prefix, header).stream().findFirst().orElse(null);
  }

  private static JsonNode read(Scheme scheme, WebhookRequest request, int max) throws IOException {
    HeaderLookup headers = request.headers();
    byte[] decoded = Bodies.decode(request.body(), headers.get("Content-Encoding"), max);
    boolean json = scheme.event().format() == Scheme.BodyFormat.JSON;
    return Bodies.json(decoded, json ? "application/json" : headers.get("Content-Type"));
  }

  /**
   * Compares what would have been sent with what was, as text: what differs in a letter's case is
   * not the same.
   */
  private static int signedBy(
      Source source, List<String> sent, SignedContent content, Map<String, byte[]> values) {
    for (int i = 0; i < source.secrets().size(); i++) {
      byte[] right =
          source.scheme().sign(source.secrets().get(i), content, values).getBytes(ISO_8859_1);
      for (String signature : sent) {
        if (MessageDigest.isEqual(right, signature.getBytes(UTF_8))) {
          return i;
        }
      }
    }
    return -1;
  }

  private static boolean isInTime(Source source, @Nullable String sentAt, Instant now) {
    Scheme.Timestamp timestamp = source.scheme().timestamp();
    if (sentAt == null) {
      return !timestamp.isInBody() && !source.requireTimestamp();
    }
    return timestamp.isFresh(sentAt, now);
  }

  private static Verdict event(
      Source source, WebhookRequest request, JsonNode body, @Nullable String id, int secretIndex) {
    Scheme.Event event = source.scheme().event();
    String organization = event.organization().find(body);
    if (source.organization() != null
        && organization != null
        && !organization.equals(source.organization())) {
      return new Verdict.Rejected(Reason.WRONG_ORGANIZATION, "the body names another organization");
    }
    String type = event.type().find(body);
    if (type == null) {
      type = Scheme.first(event.typeHeaders(), request.headers());
    }
    if (type == null || !isPlain(type, Verdict.MAX_TYPE)) {
      return new Verdict.Rejected(
          Reason.NO_TYPE,
          type == null
              ? "no event type"
              : "the event type must be 1 to "
                  + Verdict.MAX_TYPE
                  + " characters, none of them a control character");
    }
    String signedId = source.scheme().idIsSigned() && id != null && !id.isBlank() ? id : null;
    String key = signedId == null ? event.id().find(body) : signedId;
    String subject = event.subject().find(body);
    String version = event.version().find(body);
    return new Verdict.Verified(
        key == null ? sha256(request.body()) : bounded(key),
        type,
        subject == null ? null : bounded(subject),
        version != null && isPlain(version, Verdict.MAX_TYPE) ? version : null,
        secretIndex,
        !source.scheme().idIsSigned() && id != null && isPlain(id, Verdict.MAX_KEY) ? id : null);
  }

  /**
   * Stays what it is if it can be stored, logged and put in a header; else a hash stands for it.
   */
  private static String bounded(String text) {
    return isPlain(text, Verdict.MAX_KEY) ? text : sha256(text.getBytes(UTF_8));
  }

  private static boolean isPlain(String text, int max) {
    if (text.isBlank() || text.length() > max) {
      return false;
    }
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      int c = text.codePointAt(at);
      if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
        return false;
      }
    }
    return true;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Verdict missing(List<String> headers) {
    return new Verdict.Rejected(Reason.NO_SIGNATURE, "no header " + String.join(" or ", headers));
  }

  private static Verdict stale(Scheme.Timestamp timestamp) {
    return new Verdict.Rejected(
        Reason.STALE,
        "the signed time is missing, or not within "
            + timestamp.tolerance().toSeconds()
            + " s of now");
  }
}
