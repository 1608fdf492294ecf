package convor.relay.bench;

import convor.relay.bench.Load.Seen;
import convor.relay.bench.Report.Acknowledging;
import convor.relay.bench.Report.Delivering;
import convor.relay.store.Database;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Receipt;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Measures the floors first, then the relay without connectors, then with them. */
public final class Benchmark {
  private static final Duration LONGEST_DRAIN = Duration.ofMinutes(10);
  private static final int FILL_BATCH = 1_000;

  /** As often the dead destination is called, and is not. */
  private static final int TURNS = 4;

  private static final Delivering NONE = new Delivering(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  private final Plan plan;
  private final Path folder;
  private final InstantSource clock;
  private final Consumer<String> progress;
  private final Vertx vertx = Vertx.vertx();

  private Benchmark(Plan plan, Path folder, InstantSource clock, Consumer<String> progress) {
    this.plan = plan;
    this.folder = folder;
    this.clock = clock;
    this.progress = progress;
  }

  /**
   * Runs it.
   *
   * @param folder empty, for all its files
   * @param progress is told what comes next
   * @throws IllegalStateException if a server does not start, with a message for the operator
   */
  public static Report run(Plan plan, Path folder, InstantSource clock, Consumer<String> progress) {
    Benchmark benchmark = new Benchmark(plan, folder, clock, progress);
    try {
      return benchmark.report();
    } finally {
      benchmark.vertx.close().toCompletionStage().toCompletableFuture().join();
    }
  }

  private Report report() {
    Acknowledging verified = floor("verification only", List.of());
    Acknowledging floor =
        floor("group commit alone", List.of("--floor-store", store("floor", "floor")));
    Path receiving = subfolder("receiving");
    String store = store("receiving", "relay");
    fill(store);
    List<Acknowledging> acknowledging = new ArrayList<>(List.of(verified, floor));
    long bytes;
    Destination destination = new Destination(vertx);
    try (BenchmarkedRelay relay =
            BenchmarkedRelay.start(receiving, store, 0, destination, OptionalInt.empty());
        Load load = load(relay.server(), key -> {})) {
      acknowledging.add(closedLoop("relay", relay.server(), load));
      acknowledging.add(openLoop("relay, " + plan.rate() + "/s", relay.server(), load));
      bytes = size(receiving) / (load.sent() + plan.eventsStored());
    }
    boolean delivers = plan.connectors() > 0;
    Delivering delivering = delivers ? delivering(destination, acknowledging) : NONE;
    List<Delivering> besideDead = delivers ? besideDead(destination) : List.of(NONE, NONE);
    return new Report(
        acknowledging.stream().map(one -> one.comparedWith(floor)).toList(),
        delivering,
        besideDead.get(0),
        besideDead.get(1),
        bytes);
  }

  private Acknowledging floor(String what, List<String> store) {
    int port = Child.freePort();
    List<String> arguments = new ArrayList<>(List.of("bench", "--floor-port", "" + port));
    arguments.addAll(store);
    try (Child server = new Child(subfolder("floor"), port, arguments);
        Load load = load(server, key -> {})) {
      return closedLoop(what, server, load);
    }
  }

  private Delivering delivering(Destination destination, List<Acknowledging> acknowledging) {
    String store = store("delivering", "relay");
    fill(store);
    try (BenchmarkedRelay relay =
            BenchmarkedRelay.start(
                subfolder("delivering"),
                store,
                plan.connectors(),
                destination,
                OptionalInt.empty());
        Load load = load(relay.server(), destination::acknowledged)) {
      long before = destination.received();
      progress.accept("warm-up with " + plan.connectors() + " connectors");
      load.openLoop(plan.rate(), plan.warmUp());
      awaitReceived(destination, before + load.accepted() * plan.connectors());
      Latencies delays = destination.measureDelays();
      acknowledging.add(openLoop("relay delivering, " + plan.rate() + "/s", relay.server(), load));
      awaitReceived(destination, before + load.accepted() * plan.connectors());
      long[] sorted = delays.sorted();

      acknowledging.add(closedLoop("relay delivering", relay.server(), load));
      progress.accept("the backlog");
      return figures(
          sorted,
          drained(relay.server(), destination, before + load.accepted() * plan.connectors()));
    }
  }

  /** A backlog that was worked off. */
  private record Drained(long deliveries, double seconds, Duration cpu) {
    static final Drained NOTHING = new Drained(0, 0, Duration.ZERO);

    Drained and(Drained other) {
      return new Drained(
          deliveries + other.deliveries, seconds + other.seconds, cpu.plus(other.cpu));
    }
  }

  private static Drained drained(Child relay, Destination destination, long all) {
    long first = destination.received();
    Duration cpu = relay.cpu();
    long from = System.nanoTime();
    awaitReceived(destination, all);
    double seconds = (System.nanoTime() - from) / 1e9;
    return new Drained(destination.received() - first, seconds, relay.cpu().minus(cpu));
  }

  private Delivering figures(long[] sortedDelays, Drained drained) {
    return new Delivering(
        plan.connectors(),
        plan.rate(),
        sortedDelays.length,
        Latencies.percentile(sortedDelays, 50),
        Latencies.percentile(sortedDelays, 99),
        drained.deliveries,
        drained.deliveries / drained.seconds,
        micros(drained.cpu, drained.deliveries),
        0,
        0);
  }

  /**
   * The connectors beside one more whose every call times out, and, in turn in the same process,
   * while that one is paused: two relays would differ by how far their compilers have come, and by
   * what else the machine did meanwhile.
   *
   * @return first while it is paused, then while it is called
   */
  private List<Delivering> besideDead(Destination destination) {
    String store = store("beside-dead", "relay");
    fill(store);
    OptionalInt dead = OptionalInt.of(Destination.dead(vertx));
    try (BenchmarkedRelay relay =
            BenchmarkedRelay.start(
                subfolder("beside-dead"), store, plan.connectors(), destination, dead);
        Load load = load(relay.server(), destination::acknowledged)) {
      long before = destination.received();
      LongSupplier all = () -> before + load.accepted() * plan.connectors();
      progress.accept("warm-up beside a connector whose calls all time out");
      load.openLoop(plan.rate(), plan.warmUp());
      load.closedLoop(plan.connections(), plan.warmUp());
      awaitReceived(destination, all.getAsLong());

      long[][] delays = {{}, {}};
      Drained[] drained = {Drained.NOTHING, Drained.NOTHING};
      Duration time = plan.measure().dividedBy(TURNS);
      for (int turn = 0; turn < 2 * TURNS; turn++) {
        int called = (turn + 1) / 2 % 2; // paused, called, called, paused, paused …
        progress.accept(called == 1 ? "its calls time out" : "it is paused");
        relay.callDead(called == 1);
        LockSupport.parkNanos(BenchmarkedRelay.DEAD_CALL.multipliedBy(2).toNanos());
        Latencies measured = destination.measureDelays();
        load.openLoop(plan.rate(), time);
        awaitReceived(destination, all.getAsLong());
        delays[called] = Latencies.merged(delays[called], measured.sorted());
        load.closedLoop(plan.connections(), time);
        drained[called] =
            drained[called].and(drained(relay.server(), destination, all.getAsLong()));
      }
      Delivering paused = figures(delays[0], drained[0]);
      return List.of(paused, figures(delays[1], drained[1]).comparedWith(paused));
    }
  }

  private static void awaitReceived(Destination destination, long count) {
    long until = System.nanoTime() + LONGEST_DRAIN.toNanos();
    while (destination.received() < count && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private Load load(Child server, Consumer<String> onAccepted) {
    return new Load(vertx, server.port(), plan.size(), clock, onAccepted);
  }

  private Acknowledging closedLoop(String what, Child server, Load load) {
    progress.accept(what);
    load.closedLoop(plan.connections(), plan.warmUp());
    return measured(what, server, () -> load.closedLoop(plan.connections(), plan.measure()));
  }

  private Acknowledging openLoop(String what, Child server, Load load) {
    progress.accept(what);
    return measured(what, server, () -> load.openLoop(plan.rate(), plan.measure()));
  }

  private static Acknowledging measured(String what, Child server, Supplier<Seen> work) {
    Map<Long, Long> before = server.allocated();
    Duration cpu = server.cpu();
    Seen seen = work.get();
    cpu = server.cpu().minus(cpu);
    long allocated = allocatedSince(before, server.allocated());
    int count = seen.latencies().count();
    long[] sorted = seen.latencies().sorted();
    return new Acknowledging(
        what,
        count / seen.seconds(),
        Latencies.percentile(sorted, 50),
        Latencies.percentile(sorted, 99),
        Latencies.percentile(sorted, 99.9),
        micros(cpu, count),
        count == 0 ? 0 : (double) allocated / count,
        seen.failed().get(),
        0,
        0);
  }

  /** By the threads that there are: what others did before they ended is left out. */
  private static long allocatedSince(Map<Long, Long> before, Map<Long, Long> now) {
    return now.entrySet().stream()
        .mapToLong(thread -> thread.getValue() - before.getOrDefault(thread.getKey(), 0L))
        .sum();
  }

  private static double micros(Duration cpu, long count) {
    return count == 0 ? 0 : cpu.toNanos() / 1e3 / count;
  }

  private String store(String subfolder, String file) {
    return plan.store() != null
        ? plan.store()
        : "jdbc:h2:file:" + subfolder(subfolder).resolve(file).toAbsolutePath();
  }

  private Path subfolder(String name) {
    try {
      return Files.createDirectories(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long size(Path folder) {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".mv.db"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Events that were there before: no connector takes them, they are older than it. */
  private void fill(String store) {
    if (plan.eventsStored() == 0) {
      return;
    }
    progress.accept(plan.eventsStored() + " events before");
    try (Database database = Database.open(FloorServer.settings(store));
        GroupCommit log = new GroupCommit(database, FloorServer.settings(store))) {
      for (int i = 0; i < plan.eventsStored(); i += FILL_BATCH) {
        List<CompletableFuture<Receipt>> batch = new ArrayList<>();
        for (int j = i; j < Math.min(i + FILL_BATCH, plan.eventsStored()); j++) {
          batch.add(log.append(stored("before_" + j)));
        }
        batch.forEach(CompletableFuture::join);
      }
    }
  }

  private Event stored(String key) {
    return new Event(
        Child.ORG,
        "convor",
        key,
        "conversation.created",
        null,
        null,
        clock.instant(),
        Map.of(),
        Body.of(key, plan.size()));
  }
}
