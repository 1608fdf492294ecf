package convor.relay.verify;

import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * How one sender signs its webhooks, and where its bodies say what happened. Data, not code: read
 * from the entries of a file under {@code schemes/}, every one of which a source's settings can
 * replace, or unset by setting it to nothing.
 *
 * <table>
 * <caption>Entries. A header is a comma list of names of which the first that was sent counts.</caption>
 * <tr><td>signature-header</td><td>required</td></tr>
 * <tr><td>signature-prefix</td><td>before each signature, as in {@code sha256=} or {@code v1,}; values of the header
 * without it are ignored</td></tr>
 * <tr><td>signature-separator</td><td>between values of the header: none, comma, space</td></tr>
 * <tr><td>signature-algorithm</td><td>hmac-sha256, hmac-sha1, hmac-sha512</td></tr>
 * <tr><td>signature-encoding</td><td>hex (lower case), base64</td></tr>
 * <tr><td>secret-prefix, secret-encoding</td><td>the key is what follows the prefix, if it is there, read as utf-8, hex
 * or base64</td></tr>
 * <tr><td>signed-content</td><td>of {@code {id}}, {@code {timestamp}}, {@code {body}}, {@code {method}}, {@code {url}};
 * {@code {body}} if unset</td></tr>
 * <tr><td>signed-content-without-timestamp</td><td>the same where no timestamp header is sent; refused if unset</td></tr>
 * <tr><td>timestamp-header, timestamp-prefix</td><td>the prefix tells it from other values of the header, as in
 * {@code t=}</td></tr>
 * <tr><td>timestamp-path</td><td>or where the signed body has it</td></tr>
 * <tr><td>timestamp-unit</td><td>seconds, millis, iso8601</td></tr>
 * <tr><td>timestamp-tolerance</td><td>into past and future, as in 300s (if unset) or 5m</td></tr>
 * <tr><td>id-header</td><td>the key if {@code {id}} is signed, else only displayed</td></tr>
 * <tr><td>type-header</td><td>used if the body has no type</td></tr>
 * <tr><td>id-path, type-path, organization-path, subject-path, version-path</td><td>where the body has it: JSON pointers
 * or texts with them, as in {@code /id} or <code>{/type}:{/data/id}:{/updated_at}</code>, a comma list of which the first
 * that is complete counts</td></tr>
 * <tr><td>body-format</td><td>json, or any: also form-encoded, multipart and text ({@link Bodies#json})</td></tr>
 * </table>
 */
public record Scheme(String name, Signature signature, Key key, Timestamp timestamp, Event event) {
  private static final List<String> CONTENT = List.of("content-type", "content-encoding");

  record Signature(
      List<String> headers,
      String prefix,
      Separator separator,
      Encoding encoding,
      SignedContent content,
      SignedContent contentWithoutTimestamp) {

    /** The values of a header that start with the prefix, without it. */
    List<String> valuesAfter(String prefix, String header) {
      return separator
          .split(header)
          .filter(v -> v.startsWith(prefix))
          .map(v -> v.substring(prefix.length()))
          .toList();
    }
  }

  record Key(Algorithm algorithm, String prefix, Encoding encoding) {
    /**
     * Ready to sign. Throws IllegalArgumentException if no key can be made of the secret, without
     * saying it.
     */
    Mac mac(String secret) {
      String text = secret.startsWith(prefix) ? secret.substring(prefix.length()) : secret;
      try {
        Mac mac = Mac.getInstance(algorithm.jca);
        mac.init(new SecretKeySpec(encoding.decode(text), algorithm.jca));
        return mac;
      } catch (IllegalArgumentException e) {
        String after = prefix.isEmpty() ? "" : ", after " + prefix + " where it has that,";
        throw new IllegalArgumentException(
            "must be" + after + " a text in " + Entries.word(encoding) + " that is not empty");
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  record Timestamp(
      List<String> headers, String prefix, BodyText path, TimestampUnit unit, Duration tolerance) {

    boolean isInBody() {
      return !path.equals(BodyText.NONE);
    }

    boolean isSigned() {
      return isInBody() || !headers.isEmpty();
    }

    boolean isFresh(String text, Instant now) {
      Instant time = unit.parse(text);
      return time != null && Duration.between(time, now).abs().compareTo(tolerance) <= 0;
    }
  }

  record Event(
      List<String> idHeaders,
      List<String> typeHeaders,
      BodyText id,
      BodyText type,
      BodyText organization,
      BodyText subject,
      BodyText version,
      BodyFormat format) {}

  enum Separator {
    NONE(""),
    COMMA(","),
    SPACE(" ");

    final String text;

    Separator(String text) {
      this.text = text;
    }

    Stream<String> split(String header) {
      return this == NONE ? Stream.of(header) : Arrays.stream(header.split(text));
    }
  }

  enum Algorithm {
    HMAC_SHA256("HmacSHA256"),
    HMAC_SHA1("HmacSHA1"),
    HMAC_SHA512("HmacSHA512");

    final String jca;

    Algorithm(String jca) {
      this.jca = jca;
    }
  }

  enum BodyFormat {
    JSON,
    ANY
  }

  /**
   * The scheme that these entries describe.
   *
   * @throws IllegalArgumentException with one line for each thing that is wrong: the entry's name
   *     and what would be right
   */
  public static Scheme of(String name, Map<String, String> entries) {
    Entries in = new Entries(entries);
    Scheme scheme = read(name, in);
    scheme.check(in);
    in.throwIfWrong();
    return scheme;
  }

  static Scheme read(String name, Entries in) {
    SignedContent content =
        in.read("signed-content", SignedContent.parse(SignedContent.BODY), SignedContent::parse);
    return new Scheme(
        name,
        new Signature(
            in.list("signature-header"),
            in.text("signature-prefix"),
            in.choice("signature-separator", List.of(Separator.values())),
            in.choice("signature-encoding", List.of(Encoding.HEX, Encoding.BASE64)),
            content,
            in.read("signed-content-without-timestamp", content, SignedContent::parse)),
        new Key(
            in.choice("signature-algorithm", List.of(Algorithm.values())),
            in.text("secret-prefix"),
            in.choice("secret-encoding", List.of(Encoding.values()))),
        new Timestamp(
            in.list("timestamp-header"),
            in.text("timestamp-prefix"),
            in.read("timestamp-path", BodyText.NONE, BodyText::parse),
            in.choice("timestamp-unit", List.of(TimestampUnit.values())),
            in.read("timestamp-tolerance", Duration.ofMinutes(5), Scheme::duration)),
        new Event(
            in.list("id-header"),
            in.list("type-header"),
            in.read("id-path", BodyText.NONE, BodyText::parse),
            in.read("type-path", BodyText.NONE, BodyText::parse),
            in.read("organization-path", BodyText.NONE, BodyText::parse),
            in.read("subject-path", BodyText.NONE, BodyText::parse),
            in.read("version-path", BodyText.NONE, BodyText::parse),
            in.choice("body-format", List.of(BodyFormat.values()))));
  }

  private static Duration duration(String text) {
    try {
      Duration duration = Duration.parse("PT" + text);
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (DateTimeException e) {
      // told below
    }
    throw new IllegalArgumentException("must be a time as in 300s or 5m");
  }

  /** What no entry can say alone: nothing is trusted that is not signed. */
  private void check(Entries in) {
    SignedContent without = signature.contentWithoutTimestamp();
    boolean timestampSigned = signature.content().covers(SignedContent.TIMESTAMP);
    in.require(
        !signature.headers().isEmpty(),
        "signature-header: must name the header with the signature");
    in.require(
        timestampSigned != timestamp.headers().isEmpty(),
        "timestamp-header: must be set if signed-content has {timestamp}, and only then");
    in.require(
        !(timestampSigned && timestamp.isInBody()),
        "timestamp-path: must be unset if there is a timestamp-header");
    in.require(
        without.equals(signature.content())
            || (timestampSigned
                && !without.covers(SignedContent.TIMESTAMP)
                && without.covers(SignedContent.ID) == idIsSigned()),
        "signed-content-without-timestamp: must be signed-content without its {timestamp}");
    in.require(
        !idIsSigned() || !event.idHeaders().isEmpty(),
        "id-header: must be set if signed-content has {id}");
    in.require(
        !event.typeHeaders().isEmpty() || !event.type().equals(BodyText.NONE),
        "type-path: must say where the body has the type, or type-header which header");
  }

  boolean idIsSigned() {
    return signature.content().covers(SignedContent.ID);
  }

  /** The signature header's value for these values of the placeholders, without prefix. */
  String sign(String secret, SignedContent content, Map<String, byte[]> values) {
    return signature.encoding().encode(content.digest(key.mac(secret), values));
  }

  /**
   * The names, in lower case, of all headers that this scheme reads: the only ones worth keeping of
   * a request.
   */
  public Set<String> headers() {
    Set<String> names = new LinkedHashSet<>();
    for (List<String> some :
        List.of(
            CONTENT,
            signature.headers(),
            timestamp.headers(),
            event.idHeaders(),
            event.typeHeaders())) {
      some.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
    }
    return names;
  }

  /** Whether the URL counts for the signature. */
  public boolean urlIsSigned() {
    return signature.content().covers(SignedContent.URL);
  }

  /** The header in which a sender names the type, if the scheme reads one. */
  public Optional<String> typeHeader() {
    return event.typeHeaders().stream().findFirst();
  }

  /** The first of these headers that was sent; null if none was. */
  static @Nullable String first(List<String> names, HeaderLookup headers) {
    for (String name : names) {
      String value = headers.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }
}
