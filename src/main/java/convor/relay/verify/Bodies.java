package convor.relay.verify;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The body of a webhook as a tree, whichever way it was written. */
public final class Bodies {
  private static final int MAX_DEPTH = 100;
  private static final int MAX_PART_HEAD = 4096;
  private static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final Pattern BOUNDARY = Pattern.compile("(?i);\\s*boundary=\"?([^\";]+)\"?");
  private static final Pattern FIELD =
      Pattern.compile(
          "(?im)^content-disposition:\\s*form-data\\b[^\\r\\n]*?;\\s*name=\"([^\"\\r\\n]*)\"");
  private static final Pattern FILE = Pattern.compile("(?i);\\s*filename\\*?=");

  private Bodies() {}

  /**
   * The body without its content encoding: as it is, or inflated if that is {@code gzip}.
   *
   * @throws IOException saying why that cannot be: another encoding, broken, or more than {@code
   *     max} bytes inflated
   */
  public static byte[] decode(byte[] raw, @Nullable String contentEncoding, int max)
      throws IOException {
    String encoding =
        contentEncoding == null ? "" : contentEncoding.strip().toLowerCase(Locale.ROOT);
    if (encoding.isEmpty() || encoding.equals("identity")) {
      return raw;
    }
    if (!encoding.equals("gzip") && !encoding.equals("x-gzip")) {
      throw new IOException("the content encoding must be gzip, or none");
    }
    byte[] inflated;
    boolean more;
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(raw))) {
      inflated = in.readNBytes(max);
      more = in.read() >= 0;
    } catch (IOException e) {
      throw new IOException("not gzip", e);
    }
    if (more) {
      throw new IOException("more than " + max + " bytes when inflated");
    }
    return inflated;
  }

  /**
   * The body as a tree. A JSON object or array (RFC 8259, at most 100 levels deep) is that,
   * whatever it is called: {@code curl -d} calls everything a form. Else a form (URL-encoded, or
   * multipart without its files, RFC 7578) is an object of its fields, repeated ones as an array,
   * and a field {@code payload} that is JSON as its tree, as GitHub and Slack send it. Anything
   * else is a text.
   *
   * @throws IOException if it is called JSON and is not a JSON object or array
   */
  public static JsonNode json(byte[] decoded, @Nullable String contentType) throws IOException {
    String type =
        contentType == null ? "" : contentType.toLowerCase(Locale.ROOT).split(";", 2)[0].strip();
    boolean mustBeJson = type.equals("application/json") || type.endsWith("+json");
    try {
      JsonNode tree = JSON.readTree(decoded);
      if (tree.isContainerNode()) {
        return tree;
      }
    } catch (IOException e) { // beside Jackson's own, what is not even UTF
      if (mustBeJson) {
        throw new IOException("not JSON of at most " + MAX_DEPTH + " levels, at " + place(e), e);
      }
    }
    if (mustBeJson) {
      throw new IOException("not a JSON object or array");
    }
    if (type.equals("application/x-www-form-urlencoded")) {
      return form(new String(decoded, UTF_8));
    }
    Matcher boundary = BOUNDARY.matcher(contentType == null ? "" : contentType);
    if (type.equals("multipart/form-data") && boundary.find()) {
      return multipart(new String(decoded, ISO_8859_1), boundary.group(1));
    }
    return TextNode.valueOf(new String(decoded, UTF_8));
  }

  private static String place(IOException e) {
    JsonLocation at = e instanceof JacksonException json ? json.getLocation() : null;
    return at == null ? "its start" : "line " + at.getLineNr() + ", column " + at.getColumnNr();
  }

  private static JsonNode form(String text) {
    ObjectNode fields = JSON.createObjectNode();
    try {
      for (String pair : text.split("&", -1)) {
        String[] field = pair.split("=", 2);
        if (!pair.isEmpty()) {
          add(
              fields,
              URLDecoder.decode(field[0], UTF_8),
              field.length < 2 ? "" : URLDecoder.decode(field[1], UTF_8));
        }
      }
    } catch (IllegalArgumentException e) {
      return TextNode.valueOf(text); // a broken % sequence: not a form after all
    }
    return fields;
  }

  private static JsonNode multipart(String text, String boundary) {
    ObjectNode fields = JSON.createObjectNode();
    String[] parts = ("\r\n" + text).split(Pattern.quote("\r\n--" + boundary), -1);
    for (int i = 1; i < parts.length && !parts[i].startsWith("--"); i++) {
      int end = parts[i].indexOf("\r\n\r\n");
      if (end < 0 || end > MAX_PART_HEAD) {
        continue;
      }
      String head = parts[i].substring(0, end);
      Matcher field = FIELD.matcher(head);
      if (field.find() && !FILE.matcher(head).find()) {
        add(fields, utf8(field.group(1)), utf8(parts[i].substring(end + 4)));
      }
    }
    return fields;
  }

  private static String utf8(String bytes) {
    return new String(bytes.getBytes(ISO_8859_1), UTF_8);
  }

  private static void add(ObjectNode fields, String name, String text) {
    JsonNode value = name.equals("payload") ? payload(text) : TextNode.valueOf(text);
    JsonNode before = fields.get(name);
    if (before == null) {
      fields.set(name, value);
    } else if (before instanceof ArrayNode values) {
      values.add(value);
    } else {
      fields.set(name, fields.arrayNode().add(before).add(value));
    }
  }

  private static JsonNode payload(String text) {
    try {
      JsonNode tree = JSON.readTree(text);
      return tree.isContainerNode() ? tree : TextNode.valueOf(text);
    } catch (JacksonException e) {
      return TextNode.valueOf(text);
    }
  }
}
