package convor.relay.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The events in SQL. Appending goes through {@link GroupCommit}; ids rise in the order of commit.
 */
final class EventLog {
  private static final TypeReference<Map<String, String>> HEADERS = new TypeReference<>() {};
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectReader FROM_JSON = JSON.readerFor(HEADERS);
  private static final ObjectWriter TO_JSON = JSON.writerFor(HEADERS);

  private static final String INSERT =
      """
      insert into event (key_hash, org, source, event_key, type, subject, version, received_at, headers, body)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String LAST_ID = "select coalesce(max(id), 0) from event";

  // By `org` too, though it is one: else H2 reads and sorts all there is behind the position.
  private static final String AFTER =
      "select id, type, subject from event where org = ? and id > ? order by org, id limit ?";

  private static final String WHOLE =
      """
      select id, org, source, event_key, type, subject, version, received_at, headers, body
      from event
      """;

  private static final String BY_ID = WHOLE + "where id = any(?)";

  private static final String WHOLE_AFTER =
      WHOLE + "where org = ? and id > ? order by org, id limit ?";

  /**
   * What the choice of the next events to deliver needs; the body is read for the chosen ones only.
   */
  record Entry(long id, String type, String subject) {}

  /** An event with its number in the log. */
  record Numbered(long id, Event event) {}

  private EventLog() {}

  /**
   * Inserts the events that are not stored yet; a second copy within the batch is a duplicate of
   * the first.
   *
   * @return one receipt for each event, true once the transaction commits
   */
  static List<Receipt> append(Connection connection, List<Event> events, KnownKeys keys)
      throws SQLException {
    List<byte[]> hashes = events.stream().map(Event::keyHash).toList();
    Set<ByteBuffer> known = keys.known(connection, hashes);
    Map<ByteBuffer, Instant> fresh = new LinkedHashMap<>();
    List<Receipt> receipts = new ArrayList<>(events.size());
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      for (int i = 0; i < events.size(); i++) {
        ByteBuffer hash = ByteBuffer.wrap(hashes.get(i));
        if (known.add(hash)) {
          bind(insert, events.get(i), hashes.get(i));
          insert.addBatch();
          fresh.put(hash, events.get(i).receivedAt());
          receipts.add(Receipt.STORED);
        } else {
          receipts.add(Receipt.DUPLICATE);
        }
      }
      if (!fresh.isEmpty()) {
        insert.executeBatch();
        keys.stored(connection, fresh);
      }
    }
    return receipts;
  }

  private static void bind(PreparedStatement insert, Event event, byte[] keyHash)
      throws SQLException {
    insert.setBytes(1, keyHash);
    insert.setString(2, event.org());
    insert.setString(3, event.source());
    insert.setString(4, event.key());
    insert.setString(5, event.type());
    insert.setString(6, event.subject());
    insert.setString(7, event.version());
    insert.setLong(8, event.receivedAt().toEpochMilli());
    insert.setString(9, headersToJson(event.headers()));
    insert.setBytes(10, event.body());
  }

  static long lastId(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LAST_ID);
        ResultSet rows = select.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** The next {@code limit} events of the organization after {@code position}, of any type. */
  static List<Entry> after(Connection connection, String org, long position, int limit)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(AFTER)) {
      select.setString(1, org);
      select.setLong(2, position);
      select.setInt(3, limit);
      List<Entry> entries = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          entries.add(new Entry(rows.getLong(1), rows.getString(2), rows.getString(3)));
        }
      }
      return entries;
    }
  }

  static Map<Long, Event> byId(Connection connection, Collection<Long> ids) throws SQLException {
    Map<Long, Event> events = new HashMap<>();
    try (PreparedStatement select = connection.prepareStatement(BY_ID)) {
      select.setArray(1, connection.createArrayOf("bigint", ids.toArray()));
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          events.put(rows.getLong("id"), read(rows));
        }
      }
    }
    return events;
  }

  /**
   * The next {@code limit} events of the organization after {@code position}, with their bodies.
   */
  static List<Numbered> whole(Connection connection, String org, long position, int limit)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(WHOLE_AFTER)) {
      select.setString(1, org);
      select.setLong(2, position);
      select.setInt(3, limit);
      List<Numbered> events = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          events.add(new Numbered(rows.getLong("id"), read(rows)));
        }
      }
      return events;
    }
  }

  private static Event read(ResultSet row) throws SQLException {
    return new Event(
        row.getString("org"),
        row.getString("source"),
        row.getString("event_key"),
        row.getString("type"),
        row.getString("subject"),
        row.getString("version"),
        Instant.ofEpochMilli(row.getLong("received_at")),
        headersFromJson(row.getString("headers")),
        row.getBytes("body"));
  }

  private static String headersToJson(Map<String, String> headers) {
    try {
      return TO_JSON.writeValueAsString(headers);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of strings is always JSON", e);
    }
  }

  private static Map<String, String> headersFromJson(String json) throws SQLException {
    try {
      return FROM_JSON.readValue(json);
    } catch (JsonProcessingException e) {
      throw new SQLException("event.headers is not JSON", e);
    }
  }
}
