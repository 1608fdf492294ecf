package convor.relay.jar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Destination;
import convor.relay.testing.RelayProcess;
import convor.relay.testing.RelayProcess.Ended;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar that is shipped, alone beside its routes and settings. */
class PackagedJarIT {
  private static final String SERVICES = "META-INF/services/";
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final String EVENT =
      """
      {"id":"evt_1","type":"conversation.closed", "subject":"\\"Ünï\\" \\\\ 日本\\nnext", "n": 1.50}""";

  @TempDir Path folder;

  /** Type converters, jq, JSON, http and log all come from merged service files. */
  @Test
  void a_signed_event_arrives_with_its_body_intact_and_a_stop_is_clean() throws Exception {
    try (Destination destination = new Destination();
        RelayProcess relay = new RelayProcess(folder)) {
      relay.route("raw", route("raw", "exchangeProperty: RelayRawBody", destination));
      relay.route("jq", route("jq", "jq: '{subject, n, again: [.subject]}'", destination));
      relay.start();

      assertThat(relay.send(EVENT).body()).isEqualTo("{\"status\":\"accepted\",\"id\":\"evt_1\"}");

      await().atMost(SOON).until(() -> destination.effects().size() == 2);
      assertThat(destination.effects())
          .containsEntry("raw", EVENT)
          .containsEntry(
              "jq",
              """
              {"subject":"\\"Ünï\\" \\\\ 日本\\nnext","n":1.5,"again":["\\"Ünï\\" \\\\ 日本\\nnext"]}""");
      await().atMost(SOON).until(() -> relay.output().contains("state=done"));
      assertThat(relay.output()).contains("jq said").doesNotContain("\tat ");

      assertThat(relay.terminate()).isIn(0, 143);

      relay.start();
      assertThat(relay.send(EVENT).statusCode()).as("stored before the stop").isEqualTo(200);
      assertThat(relay.terminate()).isIn(0, 143);
      assertThat(destination.calls()).hasSize(2);
    }
  }

  private static String route(String name, String body, Destination destination) {
    return """
    - route:
        id: %1$s
        from:
          uri: inbox:%1$s
          steps:
            - setBody: {%2$s}
            - choice:
                when:
                  - simple: "${body} is 'com.fasterxml.jackson.databind.JsonNode'"
                    steps: [{marshal: {json: {}}}]
            - log: "%1$s said ${body}"
            - setHeader: {name: Idempotency-Key, constant: %1$s}
            - setHeader: {name: Content-Type, constant: application/json}
            - toD: "http://%3$s/${header.RelayOrg}"
    """
        .formatted(name, body, destination.address());
  }

  @Test
  void a_wrong_setting_ends_the_start_with_a_line_that_says_what_would_be_right() {
    Ended ended = new RelayProcess(folder).set("relay.admin.prot", "1").run();
    endedWith(ended, "relay.admin.prot", "relay.admin.port");
  }

  @Test
  void a_broken_route_file_ends_the_start_with_its_line() {
    RelayProcess relay = new RelayProcess(folder);
    relay.route("not-yaml", "- route:\n    id: [\n");
    endedWith(relay.run(), "not-yaml.camel.yaml:");
    relay.route("not-yaml", "- route: {id: x, from: {uri: 'inbox:x', parameters: {typos: '*'}}}\n");
    endedWith(relay.run(), "not-yaml.camel.yaml:1", "typos");
  }

  @Test
  void a_taken_port_ends_the_start() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(taken.getLocalPort());
      Ended ended = new RelayProcess(folder).set("camel.server.port", port).run();
      endedWith(ended, "camel.server.port", port);
    }
  }

  @Test
  void a_start_that_misses_its_class_archive_makes_it_for_the_next() throws IOException {
    String option = "JDK_JAVA_OPTIONS=-XX:SharedArchiveFile=data/relay.jsa";
    Path archive = folder.resolve("data/relay.jsa");
    try (RelayProcess relay = new RelayProcess(folder).launchedBy("env", option)) {
      relay.start();
      await().atMost(Duration.ofMinutes(3)).until(() -> Files.exists(archive));
      await().atMost(SOON).until(() -> relay.output().contains("class archive"));
      relay.terminate();

      relay.start();
      assertThat(Path.of("/proc/" + relay.pid() + "/maps"))
          .content()
          .contains(archive.toRealPath().toString());
    }
  }

  private static void endedWith(Ended ended, String... words) {
    assertThat(ended.code()).as(ended.output()).isNotZero();
    assertThat(ended.output()).contains(words).doesNotContain("\tat ", "Exception");
  }

  @Test
  void help_and_check_work_from_the_jar() {
    RelayProcess relay = new RelayProcess(folder);
    Ended help = relay.run("--help");
    assertThat(help.code()).isZero();
    assertThat(help.output()).contains("Usage:", "run", "check");

    Ended good = relay.run("check");
    assertThat(good.output()).startsWith("ok: ");
    assertThat(good.code()).isZero();

    relay.route("map", "route:\n  id: map\n").set("relay.store.pool-size", "many");
    Ended bad = relay.run("check");
    assertThat(bad.code()).isNotZero();
    assertThat(bad.output()).contains("map.camel.yaml:1", "relay.store.pool-size");
    assertThat(bad.output()).doesNotContain("\tat ");
  }

  @Test
  void no_service_file_of_a_dependency_is_lost_in_the_jar() throws IOException {
    try (ZipFile jar = new ZipFile(RelayProcess.jar().toFile())) {
      Map<String, Set<String>> merged = services(jar);
      Map<String, Set<String>> lost = new TreeMap<>();
      int compared = 0;
      for (ZipFile dependency : dependencies(jar)) {
        try (dependency) {
          for (Map.Entry<String, Set<String>> service : services(dependency).entrySet()) {
            Set<String> missing = new TreeSet<>(service.getValue());
            missing.removeAll(merged.getOrDefault(service.getKey(), Set.of()));
            if (!missing.isEmpty()) {
              lost.put(service.getKey() + " of " + dependency.getName(), missing);
            }
            compared++;
          }
        }
      }
      assertThat(lost).isEmpty();
      assertThat(compared).isGreaterThan(100);
      assertThat(merged.get(SERVICES + "org/apache/camel/TypeConverterLoader"))
          .hasSizeGreaterThan(2);
    }
  }

  /** The jars of the class path whose classes are in the jar: the others are the tests' own. */
  private static List<ZipFile> dependencies(ZipFile jar) throws IOException {
    List<ZipFile> dependencies = new ArrayList<>();
    for (String path : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (path.endsWith(".jar")) {
        ZipFile dependency = new ZipFile(path);
        if (entries(dependency, PackagedJarIT::isClass).stream()
            .anyMatch(name -> jar.getEntry(name) != null)) {
          dependencies.add(dependency);
        } else {
          dependency.close();
        }
      }
    }
    assertThat(dependencies).hasSizeGreaterThan(30);
    return dependencies;
  }

  private static boolean isClass(String entry) {
    return entry.endsWith(".class") && !entry.contains("META-INF") && !entry.contains("-info");
  }

  private static List<String> entries(ZipFile jar, Predicate<String> wanted) {
    return jar.stream().map(ZipEntry::getName).filter(wanted).toList();
  }

  /** The lines of each service file, without comments. */
  private static Map<String, Set<String>> services(ZipFile jar) throws IOException {
    Map<String, Set<String>> services = new TreeMap<>();
    for (String name : entries(jar, entry -> entry.startsWith(SERVICES) && !entry.endsWith("/"))) {
      Set<String> lines = new TreeSet<>();
      new String(jar.getInputStream(jar.getEntry(name)).readAllBytes(), UTF_8)
          .lines()
          .map(line -> line.replaceFirst("#.*", "").strip())
          .filter(line -> !line.isEmpty())
          .forEach(lines::add);
      services.put(name, lines);
    }
    return services;
  }
}
