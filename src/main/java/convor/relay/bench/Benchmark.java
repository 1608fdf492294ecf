package convor.relay.bench;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Measures the floors and the relay without connectors, then the relay with them. */
public final class Benchmark {
  private static final Duration LONGEST_DRAIN = Duration.ofMinutes(10);
  private static final int FILL_BATCH = 1_000;

  /** Of each that is compared with another, one after the other. */
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
    Destination destination = new Destination(vertx);
    List<Acknowledging> acknowledging = new ArrayList<>();
    long bytes = receiving(destination, acknowledging);
    boolean delivers = plan.connectors() > 0;
    Delivering delivering = delivers ? delivering(destination, acknowledging) : NONE;
    List<Delivering> besideDead = delivers ? besideDead(destination) : List.of(NONE, NONE);
    return new Report(
        acknowledging.stream().map(one -> one.comparedWith(acknowledging.get(1))).toList(),
        delivering,
        besideDead.get(0),
        besideDead.get(1),
        bytes);
  }

  /**
   * The floors and a relay by turns, so that what else the machine does meets them alike. What the
   * relay does in the background goes on meanwhile, and is counted as its own.
   *
   * @return bytes on disk per event of the relay
   */
  private long receiving(Destination destination, List<Acknowledging> acknowledging) {
    String floorStore = floorStore();
    String store = store("receiving");
    fill(store);
    if (!floorStore.equals(store)) {
      fill(floorStore);
    }
    try (Driven verifying = floor("verifying", List.of());
        Driven committing = floor("committing", List.of("--floor-store", floorStore));
        Driven relay = driven(relay("receiving", store, 0, destination).server(), key -> {})) {
      Map<String, Driven> all = new LinkedHashMap<>(); // in the order of the report
      all.put("verification only", verifying);
      all.put("group commit alone", committing);
      all.put("relay", relay);
      all.forEach((what, one) -> warmUp(what, one, () -> {}));
      for (int turn = 0; turn < TURNS; turn++) {
        all.forEach((what, one) -> closedLoop(what, one, plan.measure().dividedBy(TURNS)));
      }
      all.forEach((what, one) -> acknowledging.add(one.figures(what)));
      openLoop("relay, " + plan.rate() + "/s", relay, acknowledging);
      return size(subfolder("receiving")) / (relay.load().sent() + plan.eventsStored());
    }
  }

  private Driven floor(String folder, List<String> store) {
    int port = Child.freePort();
    List<String> arguments = new ArrayList<>(List.of("bench", "--floor-port", "" + port));
    arguments.addAll(store);
    return driven(new Child(subfolder(folder), port, arguments), key -> {});
  }

  private BenchmarkedRelay relay(
      String folder, String store, int connectors, Destination destination) {
    return BenchmarkedRelay.start(
        subfolder(folder), store, connectors, destination, OptionalInt.empty());
  }

  private Driven driven(Child server, Consumer<String> onAccepted) {
    return new Driven(server, new Load(vertx, server.port(), plan.size(), clock, onAccepted));
  }

  private void warmUp(String what, Driven one, Runnable then) {
    progress.accept("warm-up: " + what);
    one.warmUp(plan.connections(), plan.warmUp(), then);
  }

  private void closedLoop(String what, Driven one, Duration time) {
    progress.accept(what);
    one.turn(() -> one.load().closedLoop(plan.connections(), time));
  }

  private void openLoop(String what, Driven one, List<Acknowledging> acknowledging) {
    progress.accept(what);
    one.turn(() -> one.load().openLoop(plan.rate(), plan.measure()));
    acknowledging.add(one.figures(what));
  }

  private Delivering delivering(Destination destination, List<Acknowledging> acknowledging) {
    String store = store("delivering");
    fill(store);
    try (Driven relay =
        driven(
            relay("delivering", store, plan.connectors(), destination).server(),
            destination::acknowledged)) {
      long before = destination.received();
      LongSupplier all = () -> before + relay.load().accepted() * plan.connectors();
      Runnable drain = () -> awaitReceived(destination, all.getAsLong());
      warmUp("relay with " + plan.connectors() + " connectors", relay, drain);
      Latencies delays = destination.measureDelays();
      openLoop("relay delivering, " + plan.rate() + "/s", relay, acknowledging);
      drain.run();
      long[] sorted = delays.sorted();

      String what = "relay delivering";
      closedLoop(what, relay, plan.measure());
      acknowledging.add(relay.figures(what));
      progress.accept("the backlog");
      return figures(sorted, drained(relay.server(), destination, all.getAsLong()));
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
    String store = store("beside-dead");
    fill(store);
    BenchmarkedRelay relay =
        BenchmarkedRelay.start(
            subfolder("beside-dead"),
            store,
            plan.connectors(),
            destination,
            OptionalInt.of(Destination.dead(vertx)));
    try (Driven driven = driven(relay.server(), destination::acknowledged)) {
      Load load = driven.load();
      long before = destination.received();
      LongSupplier all = () -> before + load.accepted() * plan.connectors();
      Runnable drain = () -> awaitReceived(destination, all.getAsLong());
      warmUp("beside a connector whose calls all time out", driven, drain);

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
        drain.run();
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

  private static double micros(Duration cpu, long count) {
    return count == 0 ? 0 : cpu.toNanos() / 1e3 / count;
  }

  private String store(String subfolder) {
    return plan.store() != null
        ? plan.store()
        : "jdbc:h2:file:" + subfolder(subfolder).resolve("relay").toAbsolutePath();
  }

  /** One H2 file is one process's: the floor's is beside the one that was given. */
  private String floorStore() {
    String store = store("committing");
    return plan.store() != null && store.startsWith("jdbc:h2:")
        ? store.replaceFirst("(?=;|$)", "-floor")
        : store;
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
