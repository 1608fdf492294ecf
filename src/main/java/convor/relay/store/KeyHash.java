package convor.relay.store;

import java.nio.ByteBuffer;

/** The 16 bytes of {@link Event#keyHash} as two numbers, in their order. */
record KeyHash(long high, long low) implements Comparable<KeyHash> {
  static KeyHash of(ByteBuffer hash) {
    return new KeyHash(hash.getLong(0), hash.getLong(Long.BYTES));
  }

  @Override
  public int compareTo(KeyHash other) {
    int order = Long.compare(high, other.high);
    return order == 0 ? Long.compare(low, other.low) : order;
  }
}
