package convor.relay.verify;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * What a signature is made over, as in <code>{id}.{timestamp}.{body}</code>: bytes, since a body
 * need not be text.
 */
record SignedContent(List<String> parts) {
  static final String ID = "{id}";
  static final String TIMESTAMP = "{timestamp}";
  static final String BODY = "{body}";
  private static final String METHOD = "{method}";
  static final String URL = "{url}";
  private static final Set<String> PLACEHOLDERS = Set.of(ID, TIMESTAMP, BODY, METHOD, URL);

  static SignedContent parse(String template) {
    List<String> parts = List.of(template.split("(?=\\{)|(?<=})"));
    for (String part : parts) {
      if (!PLACEHOLDERS.contains(part) && (part.contains("{") || part.contains("}"))) {
        throw new IllegalArgumentException(
            "knows {id}, {timestamp}, {body}, {method} and {url}, not " + part);
      }
    }
    if (!parts.contains(BODY)) {
      throw new IllegalArgumentException(
          "must contain {body}: what is not signed cannot be trusted");
    }
    return new SignedContent(parts);
  }

  boolean covers(String placeholder) {
    return parts.contains(placeholder);
  }

  /** What the placeholders stand for. Headers give back the bytes they were sent as. */
  static Map<String, byte[]> values(
      @Nullable String id, @Nullable String timestamp, String method, String url, byte[] body) {
    return Map.of(
        ID,
        id == null ? new byte[0] : id.getBytes(ISO_8859_1),
        TIMESTAMP,
        timestamp == null ? new byte[0] : timestamp.getBytes(ISO_8859_1),
        METHOD,
        method.getBytes(UTF_8),
        URL,
        url.getBytes(UTF_8),
        BODY,
        body);
  }

  byte[] digest(Mac mac, Map<String, byte[]> values) {
    for (String part : parts) {
      byte[] value = values.get(part);
      mac.update(value == null ? part.getBytes(UTF_8) : value);
    }
    return mac.doFinal();
  }
}
