package convor.relay;

import convor.relay.store.Database;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Receipt;
import convor.relay.store.StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * An event of 1 KiB, from {@link GroupCommit#append} to its receipt, on an H2 file with a flush per
 * commit: per event, where so many are appended at once.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
public class AppendBenchmark {
  private static final int FEW = 16;
  private static final int MANY = 256;

  private final byte[] body = LeafBenchmark.event(1024);
  private Path folder;
  private Database database;
  private GroupCommit events;
  private long key;

  @Setup
  public void open() throws IOException {
    folder = Files.createTempDirectory("convor-relay-jmh-");
    String url = "jdbc:h2:file:" + folder.resolve("relay");
    StoreSettings settings = new StoreSettings(url, null, null, 10, 10_000, MANY);
    database = Database.open(settings);
    events = new GroupCommit(database, settings);
  }

  @TearDown
  public void close() throws IOException {
    events.close();
    database.close();
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(AppendBenchmark::delete);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Benchmark
  public Receipt one() {
    return append().join();
  }

  @Benchmark
  @OperationsPerInvocation(FEW)
  public void few() {
    together(FEW);
  }

  @Benchmark
  @OperationsPerInvocation(MANY)
  public void many() {
    together(MANY);
  }

  private void together(int number) {
    CompletableFuture<?>[] receipts = new CompletableFuture<?>[number];
    for (int i = 0; i < number; i++) {
      receipts[i] = append();
    }
    CompletableFuture.allOf(receipts).join();
  }

  private CompletableFuture<Receipt> append() {
    key++;
    return events.append(
        new Event(
            "acme",
            "convor",
            "evt_" + key,
            "conversation.created",
            "conversation/c_" + key % 5_000,
            null,
            Instant.now(),
            Map.of("content-type", "application/json"),
            body));
  }
}
