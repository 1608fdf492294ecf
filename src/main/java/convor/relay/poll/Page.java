package convor.relay.poll;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer of an API's list.
 *
 * @param next the cursor of the next page, if the answer has one
 * @param more whether the list goes on behind this page
 * @param size how many records the answer has
 * @param items the records that can be told apart, in their order; fewer than {@code size} where
 *     incomplete ones are passed over
 */
record Page(List<Item> items, int size, @Nullable String next, boolean more) {
  private static final int MAX_ID = 256;

  /**
   * A record.
   *
   * @param version empty where records never change
   * @param time null where the list has none
   */
  record Item(String id, String version, @Nullable Instant time, JsonNode record) {}

  /**
   * Reads an answer.
   *
   * @param asked how many records were asked for
   * @throws PollProblem if it is no page, saying what is wrong and which parameter says where it is
   */
  static Page read(JsonNode answer, PollSpec spec, int asked) {
    JsonNode found = answer.at(spec.answer().items());
    if (!found.isArray()) {
      throw new PollProblem(
          "the answer has no list at %s: see the parameter `items`"
              .formatted(where(spec.answer().items())));
    }
    List<Item> items = new ArrayList<>(found.size());
    for (int i = 0; i < found.size(); i++) {
      Item item = item(found.get(i), spec, i);
      if (item != null) {
        items.add(item);
      }
    }
    String next = text(answer, spec.answer().next());
    JsonNode more = at(answer, spec.answer().more());
    return new Page(
        List.copyOf(items),
        found.size(),
        next,
        more.isBoolean() ? more.asBoolean() : next != null || endsOpen(spec, found.size(), asked));
  }

  /** Where neither a cursor nor a flag tells, a full page does. */
  private static boolean endsOpen(PollSpec spec, int size, int asked) {
    return spec.kind() == PollSpec.Kind.SINCE && size >= asked;
  }

  private static @Nullable Item item(JsonNode record, PollSpec spec, int index) {
    PollSpec.Item paths = spec.item();
    String id = text(record, paths.id());
    String version = text(record, paths.version());
    String time = text(record, paths.time());
    Instant at = time == null ? null : spec.request().times().read(time);
    boolean timed = !paths.time().equals(JsonPointer.empty());
    String missing =
        id == null || id.length() > MAX_ID
            ? where(paths.id())
            : version == null && !paths.version().equals(JsonPointer.empty())
                ? where(paths.version())
                : timed && at == null && spec.kind() == PollSpec.Kind.SINCE
                    ? where(paths.time())
                    : null;
    if (missing == null) {
      return new Item(String.valueOf(id), version == null ? "" : version, at, record);
    }
    if (paths.skipIncomplete()) {
      return null;
    }
    throw new PollProblem(
        "record %d of the page has no %s that can be used: see the parameters `id`, `version`, `time`; `incomplete: skip` passes over such records"
            .formatted(index + 1, missing));
  }

  /** A text or number that is there, or null. */
  static @Nullable String text(JsonNode node, JsonPointer at) {
    JsonNode found = at(node, at);
    return found.isValueNode() && !found.isNull() && !found.asText().isEmpty()
        ? found.asText()
        : null;
  }

  private static JsonNode at(JsonNode node, JsonPointer at) {
    return at.equals(JsonPointer.empty())
        ? com.fasterxml.jackson.databind.node.MissingNode.getInstance()
        : node.at(at);
  }

  private static String where(JsonPointer pointer) {
    return pointer.equals(JsonPointer.empty()) ? "the top" : pointer.toString();
  }
}
