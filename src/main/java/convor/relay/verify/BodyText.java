package convor.relay.verify;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text found in a body. Written as a comma list of which the first that is complete counts; each
 * is a JSON pointer (RFC 6901) as in {@code /data/id}, or a text with pointers in it as in <code>
 * conversation/{/data/id}</code>. A text with none is itself: a default.
 */
record BodyText(List<List<Part>> alternatives) {
  static final BodyText NONE = new BodyText(List.of());

  /** A pointer, or without one the text itself. */
  record Part(String text, @Nullable JsonPointer pointer) {
    private static Part parse(String part) {
      boolean pointer = part.matches("\\{/[^{}]*}");
      if (part.isEmpty() || (!pointer && (part.contains("{") || part.contains("}")))) {
        throw new IllegalArgumentException(
            "must be JSON pointers as in /data/id or texts with them as in conversation/{/data/id}, comma-separated");
      }
      return new Part(
          part, pointer ? JsonPointer.compile(part.substring(1, part.length() - 1)) : null);
    }

    private @Nullable String find(JsonNode body) {
      if (pointer == null) {
        return text;
      }
      JsonNode value = body.at(pointer);
      return (value.isTextual() || value.isIntegralNumber()) && !value.asText().isBlank()
          ? value.asText()
          : null;
    }
  }

  static BodyText parse(String value) {
    return new BodyText(
        Arrays.stream(value.split(",", -1))
            .map(String::strip)
            .map(text -> text.startsWith("/") ? "{" + text + "}" : text)
            .map(text -> Arrays.stream(text.split("(?=\\{)|(?<=})")).map(Part::parse).toList())
            .toList());
  }

  /**
   * The text; null if the body has none. Texts that are not blank and whole numbers count, nothing
   * else.
   */
  @Nullable String find(JsonNode body) {
    for (List<Part> parts : alternatives) {
      String text = complete(parts, body);
      if (text != null) {
        return text;
      }
    }
    return null;
  }

  private static @Nullable String complete(List<Part> parts, JsonNode body) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      String found = part.find(body);
      if (found == null) {
        return null;
      }
      text.append(found);
    }
    return text.toString();
  }
}
