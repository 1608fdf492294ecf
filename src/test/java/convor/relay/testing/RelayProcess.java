package convor.relay.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The packaged jar, run as an operator runs it: a process of its own in a folder that holds the
 * jar, {@code application.properties} and {@code routes/}.
 */
public final class RelayProcess implements AutoCloseable {
  /** How long a start or a stop may take on a loaded machine. */
  public static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  /** What a command that has ended printed, and its exit code. */
  public record Ended(int code, String output) {}

  private final Path folder;
  private final Map<String, String> settings = new TreeMap<>();
  private final List<String> launcher = new ArrayList<>();
  private final StringWriter output = new StringWriter();
  private final int port = TestRelay.freePort();
  private Process process;

  /** A relay with one organization, {@code acme}, and no routes but the shipped {@code receive}. */
  public RelayProcess(Path folder) {
    this.folder = folder;
    try {
      Files.copy(jar(), folder.resolve("relay.jar"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    set("camel.server.host", "127.0.0.1");
    set("camel.server.port", String.valueOf(port));
    set("relay.admin.port", String.valueOf(TestRelay.freePort()));
    set("relay.orgs.acme.webhook.secrets", TestRelay.SECRET);
    set("relay.delivery.poll-interval", "100ms");
    route("receive", text(Path.of("routes/receive.camel.yaml")));
  }

  /** {@code target/convor-relay.jar}, as failsafe names it. */
  public static Path jar() {
    return Path.of(System.getProperty("relay.jar", "target/convor-relay.jar")).toAbsolutePath();
  }

  public RelayProcess set(String key, String value) {
    settings.put(key, value);
    return this;
  }

  public RelayProcess route(String name, String yaml) {
    try {
      Path routes = Files.createDirectories(folder.resolve("routes"));
      Files.writeString(routes.resolve(name + ".camel.yaml"), yaml);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A command that the JVM's command line is appended to, for example a shell with a limit. */
  public RelayProcess launchedBy(String... command) {
    launcher.addAll(List.of(command));
    return this;
  }

  /** {@code java -jar relay.jar}; returns when it is healthy. */
  public RelayProcess start() {
    return started(List.of("-jar", "relay.jar"));
  }

  /** The same with this test's classes beside the jar, for routes that call them. */
  public RelayProcess startWithTestClasses() {
    String classPath =
        "relay.jar" + File.pathSeparator + Path.of("target/test-classes").toAbsolutePath();
    return started(List.of("-cp", classPath, "convor.relay.Main"));
  }

  private RelayProcess started(List<String> arguments) {
    process = launch(arguments);
    Thread reader = new Thread(() -> read(process, output), "relay-output");
    reader.setDaemon(true);
    reader.start();
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> !process.isAlive() || health() == 200);
    assertThat(process.isAlive()).as("it runs; its output: %s", output).isTrue();
    return this;
  }

  /** Runs a command to its end. */
  public Ended run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("-jar", "relay.jar"));
    all.addAll(List.of(arguments));
    Process command = launch(all);
    StringWriter printed = new StringWriter();
    Thread reader = new Thread(() -> read(command, printed), "command-output");
    reader.start();
    try {
      assertThat(command.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .as("%s ended; its output: %s", List.of(arguments), printed)
          .isTrue();
      reader.join();
      return new Ended(command.exitValue(), printed.toString());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      command.destroyForcibly();
    }
  }

  private Process launch(List<String> arguments) {
    StringBuilder properties = new StringBuilder();
    settings.forEach((key, value) -> properties.append(key + " = " + value + "\n"));
    List<String> command = new ArrayList<>(launcher);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(arguments);
    try {
      Files.writeString(folder.resolve("application.properties"), properties);
      ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("RELAY_"));
      builder.environment().remove("JAVA_TOOL_OPTIONS");
      return builder.redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void read(Process process, StringWriter into) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        into.write(line + "\n");
      }
    } catch (IOException e) {
      into.write(e + "\n");
    }
  }

  /** All that it has printed, over restarts. */
  public String output() {
    return output.toString();
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** {@code kill -9}; returns when it is gone. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd();
  }

  /** SIGTERM; returns the exit code. */
  public int terminate() {
    process.destroy();
    return awaitEnd();
  }

  /** Returns the exit code of a process that ends by itself. */
  public int awaitEnd() {
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .as("it ended; its output: %s", output)
          .isTrue();
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** The status of {@code /health}, or 0 if nothing answers. */
  public int health() {
    try {
      return get("/health").statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  /**
   * Asks for a page of the webhook port.
   *
   * @throws IOException if there was no answer
   */
  public HttpResponse<String> get(String path) throws IOException {
    return call(HttpRequest.newBuilder(uri(path)).build());
  }

  /**
   * Sends a body as Convor would, signed for {@code acme}.
   *
   * @throws IOException if there was no answer
   */
  public HttpResponse<String> send(String body) throws IOException {
    return call(TestRelay.signed(uri("/webhooks/acme"), body));
  }

  private static HttpResponse<String> call(HttpRequest request) throws IOException {
    try {
      return CLIENT.send(request, BodyHandlers.ofString());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public static String text(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a folder with all that is in it. */
  public static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly();
      awaitEnd();
    }
  }
}
