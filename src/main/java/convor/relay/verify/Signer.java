package convor.relay.verify;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Signs as a sender does: for trying a source, and for the sandbox. */
public final class Signer {
  private Signer() {}

  /**
   * The headers to send with the body: signature, and timestamp and id where the scheme has headers
   * for them. A time that a scheme has inside the body is the caller's to write there.
   *
   * @param body the bytes as they will be sent, after any content encoding
   * @throws IllegalArgumentException if the scheme can make no key of the secret
   */
  public static Map<String, String> sign(
      Scheme scheme,
      String secret,
      String id,
      byte[] body,
      Instant now,
      String method,
      String url) {
    Scheme.Signature signature = scheme.signature();
    Scheme.Timestamp timestamp = scheme.timestamp();
    String time = timestamp.unit().format(now);
    String value =
        signature.prefix()
            + scheme.sign(
                secret, signature.content(), SignedContent.values(id, time, method, url, body));
    Map<String, String> headers = new LinkedHashMap<>();
    scheme.event().idHeaders().stream().limit(1).forEach(name -> headers.put(name, id));
    timestamp.headers().stream()
        .limit(1)
        .forEach(name -> headers.put(name, timestamp.prefix() + time));
    headers.merge(
        signature.headers().get(0),
        value,
        (first, next) -> first + signature.separator().text + next);
    return headers;
  }
}
