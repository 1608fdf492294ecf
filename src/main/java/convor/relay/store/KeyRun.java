package convor.relay.store;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Keys in their order, each with the time it was received at. As bytes: 24 for each key, its 16 and
 * the milliseconds since 1970, big-endian.
 */
final class KeyRun {
  static final KeyRun EMPTY = new KeyRun(new long[0]);

  private static final int LONGS = 3;

  private final long[] entries;

  private KeyRun(long[] entries) {
    this.entries = entries;
  }

  static KeyRun of(byte[] bytes) {
    long[] entries = new long[bytes.length / Long.BYTES];
    ByteBuffer.wrap(bytes).asLongBuffer().get(entries);
    return new KeyRun(entries);
  }

  static KeyRun of(SortedMap<KeyHash, Long> keys) {
    return EMPTY.with(keys, Long.MIN_VALUE);
  }

  byte[] bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(entries.length * Long.BYTES);
    bytes.asLongBuffer().put(entries);
    return bytes.array();
  }

  int size() {
    return entries.length / LONGS;
  }

  KeyHash key(int index) {
    return new KeyHash(entries[index * LONGS], entries[index * LONGS + 1]);
  }

  /** Milliseconds since 1970. */
  long receivedAt(int index) {
    return entries[index * LONGS + 2];
  }

  /** The latest time of its keys; {@link Long#MIN_VALUE} if it has none. */
  long newest() {
    long newest = Long.MIN_VALUE;
    for (int i = 0; i < size(); i++) {
      newest = Math.max(newest, receivedAt(i));
    }
    return newest;
  }

  /** Where the key is; negative if it is not there. */
  int find(KeyHash key) {
    int from = 0;
    int to = size() - 1;
    while (from <= to) {
      int middle = (from + to) >>> 1;
      int order = key(middle).compareTo(key);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        from = middle + 1;
      } else {
        to = middle - 1;
      }
    }
    return -1;
  }

  /**
   * This run and {@code more}, without what was received before {@code since}. Of a key that is in
   * both the later time stays.
   */
  KeyRun with(SortedMap<KeyHash, Long> more, long since) {
    long[] merged = new long[entries.length + more.size() * LONGS];
    int length = 0;
    int next = 0;
    for (Map.Entry<KeyHash, Long> one : more.entrySet()) {
      long receivedAt = one.getValue();
      for (int order = -1; order < 0 && next < size(); ) {
        order = key(next).compareTo(one.getKey());
        if (order < 0) {
          length = add(merged, length, key(next), receivedAt(next), since);
          next++;
        } else if (order == 0) {
          receivedAt = Math.max(receivedAt, receivedAt(next));
          next++;
        }
      }
      length = add(merged, length, one.getKey(), receivedAt, since);
    }
    for (; next < size(); next++) {
      length = add(merged, length, key(next), receivedAt(next), since);
    }
    return new KeyRun(Arrays.copyOf(merged, length));
  }

  private static int add(long[] to, int length, KeyHash key, long receivedAt, long since) {
    if (receivedAt < since) {
      return length;
    }
    to[length] = key.high();
    to[length + 1] = key.low();
    to[length + 2] = receivedAt;
    return length + LONGS;
  }

  /**
   * This run, or pieces of half of {@code max} keys and a few more where it is longer than that.
   * Keys of the same {@link KeyHash#high} are in the same piece.
   */
  List<KeyRun> split(int max) {
    if (size() <= max) {
      return List.of(this);
    }
    List<KeyRun> pieces = new ArrayList<>();
    int from = 0;
    while (from < size()) {
      int to = Math.min(from + max / 2, size());
      while (to < size() && key(to).high() == key(to - 1).high()) {
        to++;
      }
      pieces.add(new KeyRun(Arrays.copyOfRange(entries, from * LONGS, to * LONGS)));
      from = to;
    }
    return pieces;
  }
}
