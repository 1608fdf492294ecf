package convor.relay.bench;

import static java.util.Locale.ROOT;

import convor.relay.store.Database;
import convor.relay.store.StoreSettings;
import convor.relay.testing.Postgresql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * How much slower a store is that holds many events: {@code java -cp … convor.relay.bench.Growth
 * [h2|postgresql] [events] [waiting] [rounds]}. Two stores of one process, an empty one and one
 * that is filled first, append and deliver in turn; each round is within seconds of one state of
 * the machine, and the mean of the rounds is told. docs/scaling.md has the whole command.
 */
public final class Growth {
  private static final int WARM_UP = 3;

  private Growth() {}

  public static void main(String[] args) throws Exception {
    boolean h2 = args.length == 0 || args[0].equals("h2");
    int events = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
    int waiting = args.length > 2 ? Integer.parseInt(args[2]) : 100_000;
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 7;
    String kept = System.getProperty("growth.folder");
    Path folder = kept == null ? Files.createTempDirectory("growth") : Path.of(kept);
    boolean isFilled = Files.exists(folder.resolve("filled.mv.db"));
    try (Postgresql server = h2 ? null : Postgresql.durable(folder.resolve("server"))) {
      long pid = server == null ? 0 : postmaster(folder.resolve("server/data/postmaster.pid"));
      String emptyUrl = server == null ? file(folder, "empty") : server.emptyDatabase();
      String filledUrl = server == null ? file(folder, "filled") : server.emptyDatabase();
      try (Database empty = open(emptyUrl);
          Database filled = open(filledUrl)) {
        long start = System.nanoTime();
        GrowingStore few = new GrowingStore(empty, pid);
        GrowingStore many = new GrowingStore(filled, pid);
        few.fill(0, 0);
        if (!isFilled) {
          many.fill(events, waiting);
        }
        System.out.printf(
            ROOT,
            "filled with %,d events, %,d of their deliveries waiting, in %d s%n",
            events,
            waiting,
            (System.nanoTime() - start) / 1_000_000_000);
        if (rounds > 0) {
          compare(few, many, rounds);
        }
        few.close();
        many.close();
      }
    } finally {
      if (kept == null) {
        deleteAll(folder);
      }
    }
    System.exit(0);
  }

  private static void compare(GrowingStore few, GrowingStore many, int rounds) {
    Map<GrowingStore.Work, List<GrowingStore.Cost[]>> all = new EnumMap<>(GrowingStore.Work.class);
    for (int round = -WARM_UP; round < rounds; round++) {
      for (GrowingStore.Work work : GrowingStore.Work.values()) {
        // Another is the first each time: what one leaves to the other's turn evens out.
        GrowingStore.Cost first = (round % 2 == 0 ? few : many).measure(work);
        GrowingStore.Cost second = (round % 2 == 0 ? many : few).measure(work);
        if (round >= 0) {
          all.computeIfAbsent(work, any -> new ArrayList<>())
              .add(
                  round % 2 == 0
                      ? new GrowingStore.Cost[] {first, second}
                      : new GrowingStore.Cost[] {second, first});
        }
      }
    }
    System.out.printf("%-9s %28s %28s   ratio%n", "", "empty", "filled");
    all.forEach(
        (work, costs) -> {
          double emptyWall = mean(costs, pair -> pair[0].wall());
          double filledWall = mean(costs, pair -> pair[1].wall());
          double emptyCpu = mean(costs, pair -> pair[0].cpu());
          double filledCpu = mean(costs, pair -> pair[1].cpu());
          System.out.printf(
              ROOT,
              "%-9s %12.1f µs %8.1f µs CPU %9.1f µs %8.1f µs CPU   %.2f  %.2f CPU%n",
              work.name().toLowerCase(ROOT),
              emptyWall,
              emptyCpu,
              filledWall,
              filledCpu,
              filledWall / emptyWall,
              filledCpu / emptyCpu);
        });
  }

  /** Not the median: some of what an event costs is paid by one of many. */
  private static double mean(
      List<GrowingStore.Cost[]> costs, ToDoubleFunction<GrowingStore.Cost[]> of) {
    return costs.stream().mapToDouble(of).average().orElseThrow();
  }

  private static Database open(String url) {
    return Database.open(new StoreSettings(url, null, null, 10, 10_000, 256));
  }

  private static String file(Path folder, String name) {
    return "jdbc:h2:file:" + folder.resolve(name) + System.getProperty("growth.h2", "");
  }

  private static long postmaster(Path pidFile) throws IOException {
    return Long.parseLong(Files.readAllLines(pidFile).get(0));
  }

  private static void deleteAll(Path folder) throws IOException {
    try (var paths = Files.walk(folder)) {
      for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
