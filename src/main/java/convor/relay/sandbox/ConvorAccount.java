package convor.relay.sandbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What one organization has at Convor: the state that its events told of. Times are rounded down to
 * the second, so many rows have the same.
 *
 * <p>Conversations are ordered by (updated_at, id), and one that is written comes last: where its
 * second is taken by a higher id, its time is a millisecond later. So a place in that list is a
 * cursor that neither skips nor repeats what is written while it is read. Messages are ordered by
 * (created_at, id), and a new one may come before others of its second: who reads them by time has
 * to read the newest second again.
 *
 * <p>Thread-safe. The latest {@link PretendApi#KEPT} of each are kept.
 */
public final class ConvorAccount {
  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  /** Conversations that go on are chosen from so many, the latest opened. */
  private static final int OPEN = 100;

  /** Where a row stands. The empty id is before all others of its time. */
  private record Place(Instant at, String id) implements Comparable<Place> {
    static final Place FIRST = new Place(Instant.EPOCH, "");

    @Override
    public int compareTo(Place other) {
      return Comparator.comparing(Place::at).thenComparing(Place::id).compare(this, other);
    }
  }

  /**
   * What is asked for.
   *
   * @param after a cursor; null is from the beginning
   * @param since the earliest time, null for any
   * @param until before this time, null for any
   */
  record Wanted(
      @Nullable String after, @Nullable Instant since, @Nullable Instant until, int limit) {}

  /**
   * @param next cursor of what comes after; null at the end
   */
  record Page(List<ObjectNode> rows, @Nullable String next) {}

  private final String org;
  private final NavigableMap<Place, ObjectNode> conversations = new TreeMap<>();
  private final NavigableMap<Place, ObjectNode> messages = new TreeMap<>();
  private final Map<String, Place> places = new HashMap<>();
  private final List<String> open = new ArrayList<>();
  private String era = UUID.randomUUID().toString();

  ConvorAccount(String org) {
    this.org = org;
  }

  String org() {
    return org;
  }

  /** Writes a new state of a conversation, and its {@code updated_at} into it. */
  synchronized void write(ObjectNode conversation, Instant now) {
    String id = conversation.path("id").asText();
    Place last = conversations.isEmpty() ? Place.FIRST : conversations.lastKey();
    Instant second = now.truncatedTo(ChronoUnit.SECONDS);
    Place place = new Place(second.isBefore(last.at()) ? last.at() : second, id);
    if (place.compareTo(last) <= 0) {
      place = new Place(last.at().plusMillis(1), id);
    }
    conversation.put("updated_at", MILLIS.format(place.at()));
    Place before = places.put(id, place);
    if (before != null) {
      conversations.remove(before);
    }
    conversations.put(place, conversation.deepCopy());
    if (conversations.size() > PretendApi.KEPT) {
      places.remove(conversations.pollFirstEntry().getKey().id());
    }
    open.remove(id);
    if (!conversation.path("status").asText().equals("closed")) {
      open.add(id);
    }
    if (open.size() > OPEN) {
      open.remove(0);
    }
  }

  /** Adds a message to a conversation, and its {@code created_at} to the message. */
  synchronized void add(ObjectNode message, String conversation, Instant now) {
    Instant second = now.truncatedTo(ChronoUnit.SECONDS);
    message.put("created_at", MILLIS.format(second));
    String id = message.path("id").asText();
    ObjectNode row = Json.object("id", id, "conversation_id", conversation).setAll(message);
    messages.put(new Place(second, id), row);
    if (messages.size() > PretendApi.KEPT) {
      messages.pollFirstEntry();
    }
  }

  /** A conversation that is not closed, as it is. */
  synchronized Optional<ObjectNode> anyOpen(RandomGenerator random) {
    return open.isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(places.get(open.get(random.nextInt(open.size()))))
            .map(conversations::get)
            .map(ObjectNode::deepCopy);
  }

  /** Empty when the cursor is none, or expired. */
  synchronized Optional<Page> conversations(Wanted wanted) {
    return place(wanted.after()).map(after -> page(conversations, after, wanted));
  }

  synchronized Optional<Page> messages(Wanted wanted) {
    return place(wanted.after()).map(after -> page(messages, after, wanted));
  }

  /** No cursor that was given out so far is known any more. */
  synchronized void expireCursors() {
    era = UUID.randomUUID().toString();
  }

  private Page page(NavigableMap<Place, ObjectNode> all, Place after, Wanted wanted) {
    Place since = wanted.since() == null ? Place.FIRST : new Place(wanted.since(), "");
    List<ObjectNode> rows = new ArrayList<>();
    Place last = after;
    for (Map.Entry<Place, ObjectNode> row :
        all.tailMap(after.compareTo(since) > 0 ? after : since, false).entrySet()) {
      if (wanted.until() != null && !row.getKey().at().isBefore(wanted.until())) {
        break;
      } else if (rows.size() == wanted.limit()) {
        return new Page(rows, cursor(last));
      }
      rows.add(row.getValue());
      last = row.getKey();
    }
    return new Page(rows, null);
  }

  private String cursor(Place place) {
    String text = era + ' ' + place.at().toEpochMilli() + ' ' + place.id();
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private Optional<Place> place(@Nullable String cursor) {
    if (cursor == null) {
      return Optional.of(Place.FIRST);
    }
    try {
      byte[] text = Base64.getUrlDecoder().decode(cursor);
      String[] parts = new String(text, StandardCharsets.UTF_8).split(" ", 3);
      return parts.length == 3 && parts[0].equals(era)
          ? Optional.of(new Place(Instant.ofEpochMilli(Long.parseLong(parts[1])), parts[2]))
          : Optional.empty();
    } catch (IllegalArgumentException notOurs) {
      return Optional.empty();
    }
  }
}
