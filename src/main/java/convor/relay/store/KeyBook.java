package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;

/**
 * The keys in H2. An index over them would have each event read and write a page of its own, for a
 * hash points anywhere; here the keys of a transaction are one row, and they are brought into their
 * order many at a time:
 *
 * <ul>
 *   <li>{@code key_note} has a row for each transaction, with its keys. Those are in memory, too.
 *   <li>{@code key_bucket} has the keys in runs, each from {@code low} to the next one's. In memory
 *       is a filter for each, so that few of the keys that are not there are looked for.
 *   <li>When there are enough in notes they are merged into the buckets, in the order of the
 *       buckets; each append does a part of it, in its own transaction, for twice as many keys as
 *       it brings. When all are merged, the notes are removed in the same way.
 * </ul>
 *
 * <p>What is in memory stands for what is committed as long as nothing failed. After a failure it
 * is forgotten, and the tables are read again. A note whose keys are in buckets already does no
 * harm. One thread at a time is here: it is inside H2.
 */
final class KeyBook implements KnownKeys {
  private static final String BUCKETS =
      "select low, keys from key_bucket where low >= ? order by low fetch first 100 rows only";
  private static final String NOTES =
      "select id, keys from key_note where id >= ? order by id fetch first 1000 rows only";
  private static final String BUCKET = "select keys from key_bucket where low = ?";
  private static final String PUT = "merge into key_bucket (low, keys) key (low) values (?, ?)";
  private static final String NOTE = "insert into key_note (id, keys) values (?, ?)";
  private static final String REMOVE = "delete from key_note where id <= ? fetch first ? rows only";
  private static final String OLDEST =
      "select received_at from event order by id fetch first row only";

  /** For each key that an append brings. */
  private static final int MERGED_PER_KEY = 2;

  /** Keys: H2 takes no more than 1 MB into a {@code bytea}. */
  private static final int LONGEST_NOTE = 40_000;

  /**
   * @param bucket keys in a bucket, at most; about
   * @param perBucket keys that are noted before they are merged, for each bucket that there is: so
   *     many share the reading and writing of one
   * @param least keys are noted before they are merged
   * @param most keys are; they are in memory, 100 bytes each
   */
  record Sizes(int bucket, int perBucket, int least, int most) {
    static final Sizes DEFAULT = new Sizes(512, 32, 8_192, 131_072);
  }

  /** What is in memory. */
  private static final class Memory {
    /** Keys with when they were received; those of the notes behind {@link #mergingTo}. */
    TreeMap<KeyHash, Long> noted = new TreeMap<>();

    /** Those of the notes up to {@link #mergingTo} that are not merged yet. */
    TreeMap<KeyHash, Long> merging = new TreeMap<>();

    /** By the buckets' {@code low}. */
    final TreeMap<Long, KeyFilter> buckets = new TreeMap<>();

    /** Whose tables it stands for: another one is H2, opened anew. */
    final MVStore store;

    long lastNote;

    /** The latest time of a key: that of a later key is no earlier. */
    long newest = Long.MIN_VALUE;

    /** The notes up to here are being merged, or removed; 0 if none are. */
    long mergingTo;

    Memory(MVStore store) {
      this.store = store;
    }
  }

  private final Database database;
  private final Sizes sizes;
  private @Nullable Memory memory;
  private boolean changed;

  /** What was received before, in milliseconds since 1970, is forgotten. */
  private long since = Long.MIN_VALUE;

  KeyBook(Database database, Sizes sizes) {
    this.database = database;
    this.sizes = sizes;
  }

  /** A call has ended; if it failed, what it changed in memory is not in the tables. */
  void ended(boolean done) {
    if (changed && !done) {
      memory = null;
    }
    changed = false;
  }

  /** The tables may be as they were some time ago. */
  void reset() {
    memory = null;
    since = Long.MIN_VALUE;
  }

  @Override
  public Set<ByteBuffer> known(Connection connection, List<byte[]> hashes) throws SQLException {
    Memory now = memory(connection);
    Set<ByteBuffer> known = new HashSet<>();
    for (byte[] hash : hashes) {
      ByteBuffer bytes = ByteBuffer.wrap(hash);
      if (isKnown(connection, now, KeyHash.of(bytes))) {
        known.add(bytes);
      }
    }
    return known;
  }

  private boolean isKnown(Connection connection, Memory now, KeyHash key) throws SQLException {
    Long receivedAt = now.noted.get(key);
    if (receivedAt == null) {
      receivedAt = now.merging.get(key);
    }
    Map.Entry<Long, KeyFilter> bucket = now.buckets.floorEntry(key.high());
    if (receivedAt == null && bucket != null && bucket.getValue().mayHold(key)) {
      KeyRun run = read(connection, bucket.getKey());
      int found = run.find(key);
      receivedAt = found < 0 ? null : (Long) run.receivedAt(found);
    }
    return receivedAt != null && receivedAt >= since;
  }

  @Override
  public void stored(Connection connection, Map<ByteBuffer, Instant> receivedAt)
      throws SQLException {
    Memory now = memory(connection);
    changed = true;
    TreeMap<KeyHash, Long> keys = new TreeMap<>();
    receivedAt.forEach(
        (hash, at) -> {
          now.newest = Math.max(now.newest, Math.max(at.toEpochMilli(), since));
          keys.put(KeyHash.of(hash), now.newest);
        });
    for (KeyRun note : KeyRun.of(keys).split(LONGEST_NOTE)) {
      try (PreparedStatement insert = connection.prepareStatement(NOTE)) {
        bind(insert, ++now.lastNote, note.bytes());
        insert.executeUpdate();
      }
    }
    now.noted.putAll(keys);
    merge(connection, now, keys.size() * MERGED_PER_KEY);
  }

  /** The key is in the book already. */
  @Override
  public void pruned(Connection connection, List<Long> events) {}

  /**
   * Forgotten at once, removed with the next merge. Not forgotten is what was stored after the
   * oldest event that there is: it may be there, too. The times of keys rise as the ids do.
   */
  @Override
  public void forget(Instant before, BooleanSupplier goOn) {
    var unused =
        database.inTransaction(
            connection -> {
              try (Statement select = connection.createStatement();
                  ResultSet oldest = select.executeQuery(OLDEST)) {
                long end = oldest.next() ? oldest.getLong(1) : Long.MAX_VALUE;
                since = Math.max(since, Math.min(end, before.toEpochMilli()));
                return since;
              }
            });
  }

  private Memory memory(Connection connection) throws SQLException {
    MVStore store = H2Database.store(connection);
    if (memory == null || memory.store != store) {
      memory = load(connection, store);
    }
    return memory;
  }

  private Memory load(Connection connection, MVStore store) throws SQLException {
    Memory now = new Memory(store);
    scan(
        connection,
        BUCKETS,
        (low, run) -> {
          now.buckets.put(low, new KeyFilter(run));
          now.newest = Math.max(now.newest, run.newest());
        });
    scan(
        connection,
        NOTES,
        (id, run) -> {
          now.lastNote = id;
          for (int i = 0; i < run.size(); i++) {
            now.noted.merge(run.key(i), run.receivedAt(i), Math::max);
          }
          now.newest = Math.max(now.newest, run.newest());
          if (now.noted.size() > 3 * sizes.most) { // notes of a time without buckets
            changed = true;
            merge(connection, now, Integer.MAX_VALUE);
          }
        });
    return now;
  }

  @FunctionalInterface
  private interface Row {
    void read(long number, KeyRun run) throws SQLException;
  }

  /** Reads a table slice by slice: H2 holds the whole result of a query in memory. */
  private static void scan(Connection connection, String slice, Row row) throws SQLException {
    long from = Long.MIN_VALUE;
    try (PreparedStatement select = connection.prepareStatement(slice)) {
      for (boolean any = true; any; ) {
        any = false;
        select.setLong(1, from);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            any = true;
            from = rows.getLong(1) + 1;
            row.read(rows.getLong(1), KeyRun.of(rows.getBytes(2)));
          }
        }
      }
    }
  }

  /** Goes on merging notes, for about so many keys or notes. */
  private void merge(Connection connection, Memory now, int count) throws SQLException {
    if (now.mergingTo == 0 && now.noted.size() >= enough(now)) {
      now.merging = now.noted;
      now.mergingTo = now.lastNote;
      now.noted = new TreeMap<>();
    }
    int left = count;
    while (left > 0 && !now.merging.isEmpty()) {
      left -= mergeIntoOneBucket(connection, now);
    }
    if (left > 0 && now.mergingTo > 0 && remove(connection, now.mergingTo, left) < left) {
      now.mergingTo = 0;
    }
  }

  private int enough(Memory now) {
    return Math.min(Math.max(now.buckets.size() * sizes.perBucket, sizes.least), sizes.most);
  }

  private int mergeIntoOneBucket(Connection connection, Memory now) throws SQLException {
    Long low = now.buckets.floorKey(now.merging.firstKey().high());
    Long end = now.buckets.higherKey(now.merging.firstKey().high());
    SortedMap<KeyHash, Long> keys =
        end == null ? now.merging : now.merging.headMap(new KeyHash(end, Long.MIN_VALUE));
    int count = keys.size();
    KeyRun bucket = low == null ? KeyRun.EMPTY : read(connection, low);
    List<KeyRun> pieces = bucket.with(keys, since).split(sizes.bucket);
    write(connection, now, low == null ? Long.MIN_VALUE : low, pieces.get(0));
    for (KeyRun piece : pieces.subList(1, pieces.size())) {
      write(connection, now, piece.key(0).high(), piece);
    }
    keys.clear();
    return count;
  }

  private static void write(Connection connection, Memory now, long low, KeyRun bucket)
      throws SQLException {
    try (PreparedStatement put = connection.prepareStatement(PUT)) {
      bind(put, low, bucket.bytes());
      put.executeUpdate();
    }
    now.buckets.put(low, new KeyFilter(bucket));
  }

  private static KeyRun read(Connection connection, long low) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(BUCKET)) {
      select.setLong(1, low);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("key_bucket has no row " + low);
        }
        return KeyRun.of(row.getBytes(1));
      }
    }
  }

  private static int remove(Connection connection, long lastNote, int limit) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(REMOVE)) {
      bind(delete, lastNote, limit);
      return delete.executeUpdate();
    }
  }
}
