package convor.relay.bench;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** Durations in nanoseconds; the first {@link #MOST} of them. */
final class Latencies {
  private static final int MOST = 2_000_000;

  private final long[] samples = new long[MOST];
  private final AtomicInteger count = new AtomicInteger();

  void add(long nanos) {
    int at = count.getAndIncrement();
    if (at < MOST) {
      samples[at] = nanos;
    }
  }

  int count() {
    return count.get();
  }

  /** The durations in order; {@link #percentile} of them. */
  long[] sorted() {
    long[] sorted = Arrays.copyOf(samples, Math.min(count.get(), MOST));
    Arrays.sort(sorted);
    return sorted;
  }

  /** Those of both, in order. */
  static long[] merged(long[] some, long[] others) {
    long[] merged = Arrays.copyOf(some, some.length + others.length);
    System.arraycopy(others, 0, merged, some.length, others.length);
    Arrays.sort(merged);
    return merged;
  }

  /** In milliseconds; 0 if there is none. */
  static double percentile(long[] sorted, double percent) {
    if (sorted.length == 0) {
      return 0;
    }
    int at = (int) Math.min(sorted.length - 1L, (long) (sorted.length * percent / 100));
    return sorted[at] / 1e6;
  }
}
