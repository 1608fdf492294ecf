package convor.relay.verify;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A text found in a body. Written as a comma list of which the first that is complete counts; each
 * is a JSON pointer (RFC 6901) as in {@code /data/id}, or a text with pointers in it as in <code>
 * conversation/{/data/id}</code>. A text with none is itself: a default.
 */
record BodyText(List<List<String>> alternatives) {
  static final BodyText NONE = new BodyText(List.of());

  static BodyText parse(String value) {
    List<List<String>> alternatives =
        Arrays.stream(value.split(",", -1))
            .map(String::strip)
            .map(text -> text.startsWith("/") ? "{" + text + "}" : text)
            .map(text -> List.of(text.split("(?=\\{)|(?<=})")))
            .toList();
    alternatives.forEach(parts -> parts.forEach(BodyText::check));
    return new BodyText(alternatives);
  }

  private static void check(String part) {
    boolean pointer = part.matches("\\{/[^{}]*}");
    if (part.isEmpty() || (!pointer && (part.contains("{") || part.contains("}")))) {
      throw new IllegalArgumentException(
          "must be JSON pointers as in /data/id or texts with them as in conversation/{/data/id}, comma-separated");
    }
  }

  /**
   * The text; null if the body has none. Texts that are not blank and whole numbers count, nothing
   * else.
   */
  @Nullable String find(JsonNode body) {
    return alternatives.stream()
        .flatMap(parts -> complete(parts, body).stream())
        .findFirst()
        .orElse(null);
  }

  private static Optional<String> complete(List<String> parts, JsonNode body) {
    StringBuilder text = new StringBuilder();
    for (String part : parts) {
      if (!part.startsWith("{")) {
        text.append(part);
        continue;
      }
      JsonNode value = body.at(JsonPointer.compile(part.substring(1, part.length() - 1)));
      if (!(value.isTextual() || value.isIntegralNumber()) || value.asText().isBlank()) {
        return Optional.empty();
      }
      text.append(value.asText());
    }
    return Optional.of(text.toString());
  }
}
