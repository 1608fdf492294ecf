package convor.relay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import convor.relay.bench.Benchmark;
import convor.relay.bench.FloorServer;
import convor.relay.bench.Plan;
import convor.relay.bench.Report;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: how fast this machine is. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures a relay of its own on this machine: how fast it acknowledges and delivers, and what that costs.",
      "",
      "The relay is a process of its own; the load, and the destination that answers at once, are in this one. Both share",
      "the machine. Beside its figures stand those of the least that a receiver can do, measured in the same run: verify",
      "only, and verify and append to the same store. Times are milliseconds; a latency at a rate counts from the time at",
      "which the event should have been sent. A database server's processor time is not counted. Java's -X options of this",
      "process hold for the ones that are measured, too: give it those of your relay."
    },
    footer = {
      "%nExamples:",
      "  bench",
      "  bench --seconds 30 --rate 500 --json",
      "  java -XX:+UseSerialGC -Xmx256m -jar convor-relay.jar bench        with options of your relay",
      "  bench --store 'jdbc:postgresql://127.0.0.1/bench?user=bench'     a database for this only"
    })
final class BenchCommand implements Callable<Integer> {
  private static final int LARGEST = 1 << 20;

  @Option(
      names = "--store",
      paramLabel = "URL",
      description =
          "JDBC, a database for this only; beside an H2 file another one is made, …-floor. Default: an H2 file in a temporary folder")
  private @Nullable String store;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "15",
      description = "For each figure. Default: ${DEFAULT-VALUE}")
  private int seconds = 15;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "15",
      description =
          "Seconds before a server's figures, and up to six times as long while its compiler works. Default: ${DEFAULT-VALUE}")
  private int warmUp = 15;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "64",
      description = "That send as fast as they are answered. Default: ${DEFAULT-VALUE}")
  private int connections = 64;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "1024",
      description = "Of a body. Default: ${DEFAULT-VALUE}")
  private int size = 1024;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Events per second where it is not as fast as they are answered. Default: ${DEFAULT-VALUE}")
  private int rate = 200;

  @Option(
      names = "--connectors",
      paramLabel = "N",
      defaultValue = "3",
      description = "Subscribed to each event; 0: no delivering. Default: ${DEFAULT-VALUE}")
  private int connectors = 3;

  @Option(
      names = "--events-stored",
      paramLabel = "N",
      defaultValue = "0",
      description = "Before it begins. Default: ${DEFAULT-VALUE}")
  private int eventsStored;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /** Of the process that this command starts for the floors. */
  @Option(names = "--floor-port", hidden = true)
  private @Nullable Integer floorPort;

  @Option(names = "--floor-store", hidden = true)
  private @Nullable String floorStore;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (floorPort != null) {
      FloorServer.serve(floorPort, floorStore, InstantSource.system());
      new CountDownLatch(1).await(); // until the benchmark ends it
    }
    check("--seconds", seconds, 1, 3_600);
    check("--warm-up", warmUp, 0, 3_600);
    check("--connections", connections, 1, 1_000);
    check("--size", size, 256, LARGEST);
    check("--rate", rate, 1, 100_000);
    check("--connectors", connectors, 0, 20);
    check("--events-stored", eventsStored, 0, 100_000_000);
    Plan plan =
        new Plan(
            store,
            Duration.ofSeconds(warmUp),
            Duration.ofSeconds(seconds),
            connections,
            size,
            rate,
            connectors,
            eventsStored);
    PrintWriter err = spec.commandLine().getErr();
    Path folder = Files.createTempDirectory("convor-relay-bench-");
    Report report =
        Benchmark.run(
            plan,
            folder,
            InstantSource.system(),
            next -> {
              err.println("… " + next);
              err.flush();
            });
    delete(folder); // kept when it failed: it tells why
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report));
    } else {
      print(report, out);
    }
    out.flush();
    return 0;
  }

  private void check(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + "=" + value + ": it is " + least + " to " + most);
    }
  }

  private static void print(Report report, PrintWriter out) {
    Table.print(
        out,
        rounded(report.acknowledging()),
        "",
        "what",
        "perSecond",
        "p50",
        "p99",
        "p999",
        "cpuMicros",
        "allocated",
        "failed",
        "ofFloor",
        "cpuOfFloor");
    out.println();
    if (report.delivering().connectors() > 0) {
      printDelivering(report, out);
    }
    if (report.bytesPerEvent() > 0) {
      out.println(report.bytesPerEvent() + " bytes on disk per event");
    }
  }

  private static void printDelivering(Report report, PrintWriter out) {
    Table.print(
        out,
        rounded(List.of(report.delivering())),
        "",
        "connectors",
        "rate",
        "delayP50",
        "delayP99",
        "backlog",
        "perSecond",
        "cpuMicros");
    out.println();
    out.println(
        "Beside one more connector: while it is paused, and while its every call times out:");
    Table.print(
        out,
        rounded(List.of(report.besidePaused(), report.besideDead())),
        "",
        "delayP50",
        "delayP99",
        "perSecond",
        "cpuMicros",
        "ofAlone",
        "delayOfAlone");
    out.println();
  }

  private static JsonNode rounded(List<?> rows) {
    JsonNode all = new ObjectMapper().valueToTree(rows);
    for (JsonNode row : all) {
      ((ObjectNode) row)
          .properties()
          .forEach(
              field -> {
                if (field.getValue().isDouble()) {
                  double value = field.getValue().asDouble();
                  String text = ("%." + (value < 100 ? 2 : 0) + "f").formatted(value);
                  field.setValue(TextNode.valueOf(text));
                }
              });
    }
    return all;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
