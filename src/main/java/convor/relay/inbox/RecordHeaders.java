package convor.relay.inbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.apache.camel.component.kafka.serde.KafkaHeaderDeserializer;
import org.apache.camel.component.kafka.serde.KafkaHeaderSerializer;
import org.jspecify.annotations.Nullable;

/**
 * {@code headerSerializer: "#recordHeaders"} and {@code headerDeserializer: "#recordHeaders"}. An
 * event's headers as those of a Kafka record: UTF-8, times in ISO-8601, the request's headers as
 * JSON. Camel's own write the platform's charset, in which two keys can become one, drop maps, and
 * fail on a null, which the consumer takes for its own failure and reads again for ever.
 */
public final class RecordHeaders implements KafkaHeaderSerializer, KafkaHeaderDeserializer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, String>> TEXTS = new TypeReference<>() {};

  @Override
  public byte @Nullable [] serialize(String name, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      try {
        return JSON.writeValueAsBytes(map);
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException("the header " + name + " is no JSON", e);
      }
    }
    return value == null ? null : value.toString().getBytes(UTF_8);
  }

  /** The text, or null. Never fails, whatever the bytes. */
  @Override
  public @Nullable String deserialize(String name, byte @Nullable [] value) {
    return value == null ? null : new String(value, UTF_8);
  }

  /**
   * What {@link #serialize} made of the request's headers.
   *
   * @throws IllegalArgumentException if it is something else
   */
  static Map<String, String> requestHeaders(String json) {
    try {
      return JSON.readValue(json, TEXTS);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          Headers.REQUEST_HEADERS + " is no JSON object of texts", e);
    }
  }
}
