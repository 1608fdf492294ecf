package convor.relay.operate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.MultiMap;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was asked: the parameters of a GET, or the fields of a POST's JSON object. */
record Query(Map<String, String> values) {
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 500;
  private static final int MAX_WORDS = 300;

  static Query of(MultiMap parameters) {
    Map<String, String> values = new LinkedHashMap<>();
    parameters.forEach(
        parameter -> {
          if (!parameter.getValue().isBlank()) {
            values.put(parameter.getKey(), parameter.getValue());
          }
        });
    return new Query(values);
  }

  static Query ofJson(ObjectMapper json, byte[] body) {
    Map<String, String> values = new LinkedHashMap<>();
    if (body.length > 0) {
      for (Map.Entry<String, JsonNode> field : object(json, body).properties()) {
        if (field.getValue().isContainerNode()) {
          throw new AdminError(400, field.getKey() + ": must be a text or a number");
        }
        if (!field.getValue().isNull() && !field.getValue().asText().isBlank()) {
          values.put(field.getKey(), field.getValue().asText());
        }
      }
    }
    return new Query(values);
  }

  private static JsonNode object(ObjectMapper json, byte[] body) {
    try {
      JsonNode node = json.readTree(body);
      if (node.isObject()) {
        return node;
      }
    } catch (IOException e) {
      // told below
    }
    throw new AdminError(400, "the body must be a JSON object, such as {\"event\":1}");
  }

  /** Refuses what nobody reads: a misspelt filter would show, or change, everything. */
  Query only(String... known) {
    for (String name : values.keySet()) {
      if (!List.of(known).contains(name)) {
        String right = known.length == 0 ? "none" : String.join(", ", known);
        throw new AdminError(400, name + ": is unknown; known: " + right);
      }
    }
    return this;
  }

  /** A person's words, as one line that is not too long. */
  static String oneLine(String text) {
    String line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() > MAX_WORDS ? line.substring(0, MAX_WORDS) : line;
  }

  @Nullable String text(String name) {
    return values.get(name);
  }

  @Nullable Long number(String name) {
    String value = values.get(name);
    return value == null ? null : number(name, value);
  }

  static long number(String name, String value) {
    try {
      return Long.parseLong(value.strip());
    } catch (NumberFormatException e) {
      throw new AdminError(400, name + ": must be a whole number");
    }
  }

  int limit() {
    Long limit = number("limit");
    if (limit != null && (limit < 1 || limit > MAX_LIMIT)) {
      throw new AdminError(400, "limit: must be from 1 to " + MAX_LIMIT);
    }
    return limit == null ? DEFAULT_LIMIT : limit.intValue();
  }
}
