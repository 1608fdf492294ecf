package convor.relay.poll;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import convor.relay.store.Event;
import convor.relay.store.PolledPage.PolledRecord;
import convor.relay.store.Versions;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** A poll's records as events, and what stored events tell of such records. Pure. */
record Records(PollSpec spec, Function<Event, JsonNode> reader) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_KEY = 256;

  List<PolledRecord> of(Page page, String org, Instant now) {
    return page.items().stream().map(item -> of(item, org, now)).toList();
  }

  /** In the shape of a webhook's event, so that the same routes can read it. */
  private PolledRecord of(Page.Item item, String org, Instant now) {
    PollSpec.Item shape = spec.item();
    String subject = shape.subject() + "/" + item.id();
    String version = version(subject, item.version());
    String key = version.length() <= MAX_KEY ? version : Event.hashed(version);
    Instant time = item.time();
    ObjectNode envelope = JSON.createObjectNode().put("id", key).put("type", shape.type());
    if (time != null) {
      envelope.put("created_at", time.toString());
    }
    envelope.putObject("data").set(shape.subject(), item.record());
    return new PolledRecord(
        new Event(
            org,
            spec.name(),
            key,
            shape.type(),
            subject,
            item.version().isEmpty() ? null : item.version(),
            now,
            Map.of("content-type", "application/json"),
            bytes(envelope)),
        version,
        time != null && time.isAfter(now.minus(spec.pace().grace())));
  }

  private static byte[] bytes(JsonNode node) {
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always JSON", e);
    }
  }

  /**
   * The versions that an event tells of: of what it is about, and of the record that it carries.
   */
  Set<String> covers(Event event) {
    Set<String> versions = new HashSet<>();
    if (event.subject() != null && event.version() != null) {
      versions.add(version(event.subject(), event.version()));
    }
    PollSpec.Item shape = spec.item();
    JsonNode record = reader.apply(event).at(shape.inEvent());
    String id = Page.text(record, shape.id());
    String version = Page.text(record, shape.version());
    boolean unchanging = shape.version().equals(JsonPointer.empty());
    if (id != null && (version != null || unchanging)) {
      versions.add(version(shape.subject() + "/" + id, version == null ? "" : version));
    }
    return versions;
  }

  private static String version(String subject, String version) {
    return subject + "@" + Versions.canonical(version);
  }
}
