package convor.relay.bench;

import convor.relay.bench.Load.Seen;
import convor.relay.bench.Report.Acknowledging;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server under load. Its figures are taken together of as many turns as it has, its processor
 * time from the first one on: what it does between two turns, it does for them.
 */
final class Driven implements AutoCloseable {
  private static final int WARM_UP_STEPS = 3;

  /** Times the warm-up, after it. */
  private static final int LONGEST_WARM_UP = 5;

  /** A compiler that is at rest takes no more than one in so many seconds. */
  private static final int AT_REST = 20;

  private final Child server;
  private final Load load;
  private long[] latencies = {};
  private double seconds;
  private @Nullable Duration cpuBefore;
  private long allocated;
  private long failed;

  /** Closes them both. */
  Driven(Child server, Load load) {
    this.server = server;
    this.load = load;
  }

  Child server() {
    return server;
  }

  Load load() {
    return load;
  }

  /**
   * A server's first minutes are its compiler's: goes on until that has come to rest, for a limited
   * time.
   *
   * @param then after each step
   */
  void warmUp(int connections, Duration time, Runnable then) {
    load.closedLoop(connections, time);
    then.run();
    Duration step = time.dividedBy(WARM_UP_STEPS);
    boolean works = !time.isZero();
    for (int i = 0; works && i < LONGEST_WARM_UP * WARM_UP_STEPS; i++) {
      Duration before = server.compiled();
      load.closedLoop(connections, step);
      works = server.compiled().minus(before).multipliedBy(AT_REST).compareTo(step) > 0;
      then.run();
    }
  }

  void turn(Supplier<Seen> work) {
    Map<Long, Long> allocatedBefore = server.allocated();
    if (cpuBefore == null) {
      cpuBefore = server.cpu();
    }
    Seen seen = work.get();
    allocated += allocatedSince(allocatedBefore, server.allocated());
    latencies = Latencies.merged(latencies, seen.latencies().sorted());
    seconds += seen.seconds();
    failed += seen.failed().get();
  }

  /** By the threads that there are: what others did before they ended is left out. */
  private static long allocatedSince(Map<Long, Long> before, Map<Long, Long> now) {
    return now.entrySet().stream()
        .mapToLong(thread -> thread.getValue() - before.getOrDefault(thread.getKey(), 0L))
        .sum();
  }

  /** Of all turns since the last time that they were asked for. */
  Acknowledging figures(String what) {
    int count = latencies.length;
    Duration cpu = cpuBefore == null ? Duration.ZERO : server.cpu().minus(cpuBefore);
    Acknowledging figures =
        new Acknowledging(
            what,
            count / seconds,
            Latencies.percentile(latencies, 50),
            Latencies.percentile(latencies, 99),
            Latencies.percentile(latencies, 99.9),
            count == 0 ? 0 : cpu.toNanos() / 1e3 / count,
            count == 0 ? 0 : (double) allocated / count,
            failed,
            0,
            0);
    latencies = new long[0];
    seconds = 0;
    cpuBefore = null;
    allocated = 0;
    failed = 0;
    return figures;
  }

  @Override
  public void close() {
    load.close();
    server.close();
  }
}
