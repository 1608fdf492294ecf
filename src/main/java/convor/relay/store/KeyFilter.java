package convor.relay.store;

/**
 * Says of most keys that they are not in a run, without the run: a Bloom filter, 10 bits for each
 * key. Of a hundred keys that are not in the run it takes one for a key that is.
 */
final class KeyFilter {
  private static final int BITS_PER_KEY = 10;
  private static final int PROBES = 6;

  private final long[] bits;

  KeyFilter(KeyRun run) {
    this.bits = new long[run.size() * BITS_PER_KEY / Long.SIZE + 1];
    for (int i = 0; i < run.size(); i++) {
      KeyHash key = run.key(i);
      for (int probe = 0; probe < PROBES; probe++) {
        int bit = bit(key, probe);
        bits[bit / Long.SIZE] |= 1L << bit % Long.SIZE;
      }
    }
  }

  boolean mayHold(KeyHash key) {
    for (int probe = 0; probe < PROBES; probe++) {
      int bit = bit(key, probe);
      if ((bits[bit / Long.SIZE] & 1L << bit % Long.SIZE) == 0) {
        return false;
      }
    }
    return true;
  }

  /** A key is a hash: parts of it are as good as other hashes. */
  private int bit(KeyHash key, int probe) {
    int hash = (int) key.low() + probe * (int) (key.low() >>> Integer.SIZE);
    return Integer.remainderUnsigned(hash, bits.length * Long.SIZE);
  }
}
