package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What H2 knows of keys is what is stored, whatever happens in between. */
class KeyBookTest {
  private static final KeyBook.Sizes SMALL = new KeyBook.Sizes(16, 4, 10, 200);

  @TempDir Path folder;

  private Database open(String file) {
    String url = "jdbc:h2:file:" + folder.resolve(file);
    return Database.open(new StoreSettings(url, null, null, 10, 10_000, 256));
  }

  private static Event event(String key, Instant receivedAt) {
    return new Event("acme", "convor", key, "a.b", null, null, receivedAt, Map.of(), new byte[8]);
  }

  /** A store, and what should be known in it. */
  private final class Checked implements AutoCloseable {
    final Random random;
    String file = "relay";
    Database database = open(file);
    KeyBook book = new KeyBook(database, SMALL);
    Map<String, Long> stored = new HashMap<>();
    Map<String, Long> onDisk = new HashMap<>();
    long now = 1_000;
    long since = 0;
    long sinceOnDisk = 0;
    int merged;

    Checked(long seed) {
      this.random = new Random(seed);
    }

    List<Event> someEvents() {
      List<Event> events = new ArrayList<>();
      int range = 50 + stored.size() * (1 + random.nextInt(2));
      for (int i = random.nextInt(30); i >= 0; i--) {
        events.add(event("k" + random.nextInt(range), Instant.ofEpochMilli(now++)));
      }
      return events;
    }

    boolean isKnown(String key) {
      return stored.getOrDefault(key, -1L) >= since;
    }

    void append() {
      List<Event> events = someEvents();
      List<Receipt> receipts =
          database.inTransaction(connection -> EventLog.append(connection, events, book));
      book.ended(true);
      for (int i = 0; i < events.size(); i++) {
        String key = events.get(i).key();
        assertThat(receipts.get(i) == Receipt.DUPLICATE).as(key).isEqualTo(isKnown(key));
        if (!isKnown(key)) {
          stored.put(key, events.get(i).receivedAt().toEpochMilli());
        }
      }
    }

    void fail() {
      List<Event> events = someEvents();
      assertThatThrownBy(
              () ->
                  database.inTransaction(
                      connection -> {
                        var unused = EventLog.append(connection, events, book);
                        throw new SQLException("for the test", "22000");
                      }))
          .isInstanceOf(StoreUnavailable.class);
      book.ended(false);
    }

    void flush() {
      database.flush();
      onDisk = new HashMap<>(stored);
      sinceOnDisk = since;
    }

    void restart() {
      flush();
      database.close();
      startAgain();
    }

    /** What is in the file at that moment is what a killed process leaves. */
    void die() {
      String copy = file + "_";
      try {
        Files.copy(folder.resolve(file + ".mv.db"), folder.resolve(copy + ".mv.db"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      database.close();
      file = copy;
      stored = new HashMap<>(onDisk);
      since = sinceOnDisk;
      startAgain();
    }

    private void startAgain() {
      database = open(file);
      book = new KeyBook(database, SMALL);
      forget(since);
    }

    void prune() {
      long before = now - random.nextInt(400);
      execute("delete from event where received_at < " + before);
      forget(before);
    }

    private void forget(long before) {
      book.forget(Instant.ofEpochMilli(before), () -> true);
      since = Math.max(since, before);
    }

    private void execute(String sql) {
      database.inTransaction(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              return statement.execute(sql);
            }
          });
    }

    void step() {
      switch (random.nextInt(20)) {
        case 0 -> fail();
        case 1 -> restart();
        case 2 -> die();
        case 3 -> prune();
        case 4, 5, 6 -> flush();
        default -> append();
      }
      merged += count(database, "key_bucket") > 5 ? 1 : 0;
    }

    @Override
    public void close() {
      database.close();
    }
  }

  private static int count(Database database, String table) {
    return database.inTransaction(
        connection -> {
          try (Statement select = connection.createStatement();
              var row = select.executeQuery("select count(*) from " + table)) {
            row.next();
            return row.getInt(1);
          }
        });
  }

  private static Set<ByteBuffer> known(Database database, KnownKeys keys, List<byte[]> hashes) {
    return database.inTransaction(connection -> keys.known(connection, hashes));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void a_key_is_known_exactly_if_its_event_is_stored_or_was_pruned_not_long_ago(long seed) {
    try (Checked store = new Checked(seed)) {
      for (int i = 0; i < 300; i++) {
        store.step();
      }
      assertThat(store.merged).as("steps with several buckets").isGreaterThan(100);
      Set<String> keys = new HashSet<>(store.stored.keySet());
      for (int i = 0; i < 1_000; i++) {
        keys.add("k" + i);
      }
      Set<String> known = new HashSet<>(keys);
      known.removeIf(
          key -> {
            byte[] hash = event(key, Instant.EPOCH).keyHash();
            return known(store.database, store.book, List.of(hash)).isEmpty();
          });
      keys.removeIf(key -> !store.isKnown(key));
      assertThat(known).isEqualTo(keys);
    }
  }

  @Test
  void notes_and_buckets_do_not_grow_without_events() {
    try (Checked store = new Checked(1)) {
      for (int i = 0; i < 2_000; i++) {
        store.now += 10;
        long before = store.now - 200;
        store.execute("delete from event where received_at < " + before);
        store.forget(before);
        store.append();
      }
      assertThat(count(store.database, "key_note")).isLessThan(100);
      assertThat(count(store.database, "key_bucket")).isLessThan(200);
    }
  }

  @Test
  void more_keys_at_once_than_fit_into_a_note_are_known() {
    try (Database database = open("relay");
        GroupCommit events =
            new GroupCommit(database, new StoreSettings("", null, null, 1, 10, 10))) {
      List<Event> many = new ArrayList<>();
      for (int i = 0; i < 50_000; i++) {
        many.add(event("k" + i, Instant.EPOCH));
      }
      assertThat(events.append(many)).containsOnly(Receipt.STORED);
      assertThat(events.append(many)).containsOnly(Receipt.DUPLICATE);
    }
  }

  @Test
  void an_append_that_failed_leaves_nothing_known() {
    try (Database database = open("relay");
        GroupCommit events =
            new GroupCommit(database, new StoreSettings("", null, null, 1, 10, 10))) {
      Event event = event("k", Instant.EPOCH);
      assertThatThrownBy(
              () ->
                  database.appending(
                      Set.of("acme"),
                      connection -> {
                        var unused = EventLog.append(connection, List.of(event), database.keys());
                        throw new IllegalStateException("for the test");
                      }))
          .isInstanceOf(IllegalStateException.class);
      assertThat(events.append(List.of(event))).containsExactly(Receipt.STORED);
      assertThat(events.append(List.of(event))).containsExactly(Receipt.DUPLICATE);
    }
  }

  @Test
  void what_was_stored_before_there_were_buckets_is_known() throws Exception {
    String url = "jdbc:h2:file:" + folder.resolve("relay");
    Flyway.configure()
        .dataSource(url, "sa", "")
        .locations("classpath:convor/relay/store/migrations", "classpath:convor/relay/store/h2")
        .target("3")
        .load()
        .migrate();
    int many = 2_000; // several times more than are noted at once
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          insert into event (key_hash, org, source, event_key, type, received_at, headers, body)
          select substring(hash('SHA-256', cast('k' || x as varbinary)), 1, 16), 'acme', 'convor', 'k' || x, 'a.b', x, '{}', ''
          from system_range(1, %d)
          """
              .formatted(many));
      statement.execute(
          "insert into pruned_key select key_hash, received_at from event where id <= 1000");
      statement.execute("delete from event where id <= 1000");
    }
    try (Database database = open("relay")) {
      List<byte[]> hashes = new ArrayList<>();
      for (int i = 1; i <= many; i++) {
        byte[] key = ("k" + i).getBytes(StandardCharsets.UTF_8);
        hashes.add(Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key), 16));
      }
      hashes.add(new byte[16]);
      for (KnownKeys keys : List.of(database.keys(), new KeyBook(database, SMALL))) {
        assertThat(known(database, keys, hashes)).hasSize(many);
        keys.forget(Instant.ofEpochMilli(501), () -> true);
        assertThat(known(database, keys, hashes)).hasSize(many - 500);
      }
      assertThat(count(database, "key_note")).isLessThan(1_000);
      assertThat(count(database, "key_bucket")).isGreaterThan(100);
    }
  }
}
