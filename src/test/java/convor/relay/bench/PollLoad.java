package convor.relay.bench;

import convor.relay.testing.ListApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Records that a relay polls on one core: {@code java -cp
 * target/test-classes:target/convor-relay.jar convor.relay.bench.PollLoad [records]}. The packaged
 * jar, held to core 0 by {@code taskset}, reads the list of an API in this process from its
 * beginning, each record an event on disk; then once more, when it knows them all.
 */
public final class PollLoad {
  private static final String KEY = "an-api-key-for-the-load";
  private static final Instant T = Instant.parse("2026-01-01T00:00:00Z");
  private static final long TICKS_PER_SECOND = 100; // Linux' USER_HZ

  private PollLoad() {}

  public static void main(String[] args) throws Exception {
    int records = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
    Path folder = Files.createTempDirectory("poll-load");
    try (ListApi api = new ListApi()) {
      for (int i = 0; i < records; i++) {
        api.put(KEY, "c_%07d".formatted(i), T.plusSeconds(i));
      }
      write(folder, api);
      measure(folder, api, "recovered", records);
      Files.writeString(
          folder.resolve("application.properties"),
          Files.readString(folder.resolve("application.properties"))
              .replace("poll.conversations.", "poll.again."));
      Files.writeString(
          folder.resolve("routes/poll-conversations.camel.yaml"),
          Files.readString(folder.resolve("routes/poll-conversations.camel.yaml"))
              .replace("value: conversations", "value: again"));
      measure(folder, api, "known", records);
    }
    System.exit(0);
  }

  private static void write(Path folder, ListApi api) throws IOException {
    Path routes = Files.createDirectory(folder.resolve("routes"));
    for (String name : List.of("receive", "poll", "poll-conversations")) {
      Files.copy(Path.of("routes", name + ".camel.yaml"), routes.resolve(name + ".camel.yaml"));
    }
    Files.writeString(
        folder.resolve("application.properties"),
        """
        camel.server.host = 127.0.0.1
        camel.server.port = 28181
        relay.admin.port = 28182
        relay.orgs.acme.api.base-url = %s
        relay.orgs.acme.api.key = %s
        relay.poll.conversations.start = beginning
        relay.poll.conversations.max-pages = 1000000
        relay.poll.conversations.period = 1h
        """
            .formatted(api.url(), KEY));
  }

  private static void measure(Path folder, ListApi api, String what, int records) throws Exception {
    int before = api.asked().size();
    Process relay =
        new ProcessBuilder(
                "taskset",
                "-c",
                "0",
                "java",
                "-Xmx512m",
                "-jar",
                Path.of("target/convor-relay.jar").toAbsolutePath().toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(what + ".log").toFile())
            .start();
    try {
      while (api.asked().size() == before) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
      long cpu = cpuMillis(relay);
      long start = System.nanoTime();
      while (!ended(folder.resolve(what + ".log"))) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      double seconds = Duration.ofNanos(System.nanoTime() - start).toMillis() / 1000.0;
      System.out.printf(
          "%s: %d records in %.1f s: %.0f/s, %.0f µs CPU each%n",
          what, records, seconds, records / seconds, (cpuMillis(relay) - cpu) * 1000.0 / records);
    } finally {
      relay.destroyForcibly();
      relay.waitFor();
    }
  }

  private static boolean ended(Path log) throws IOException {
    try (Stream<String> lines = Files.lines(log)) {
      return lines.anyMatch(line -> line.contains(" pages="));
    }
  }

  private static long cpuMillis(Process process) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    long ticks = Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
    return ticks * 1000 / TICKS_PER_SECOND;
  }
}
