package convor.relay.cli;

import convor.relay.app.Relay;
import convor.relay.app.RouteFiles;
import convor.relay.app.SettingsReader;
import convor.relay.app.Wiring;
import convor.relay.sandbox.ConvorEvents;
import convor.relay.sandbox.PretendConvor;
import convor.relay.sandbox.PretendDestinations;
import convor.relay.sandbox.SandboxPage;
import convor.relay.sandbox.SandboxSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay between a pretend Convor and pretend destinations, all in this process and on
 * 127.0.0.1, with all its files in a temporary folder that goes when it is closed.
 */
final class Sandbox implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Sandbox.class);
  private static final String ROUTES = "/convor/relay/sandbox/routes";

  private final Path folder;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final SandboxSettings settings;
  private final Relay relay;
  private final PretendConvor convor;
  private final PretendDestinations destinations;

  /**
   * Starts all of it.
   *
   * @param port of the webhooks, 0 for any free one
   * @param adminPort 0 for any free one
   * @param routes a folder of route files to try; null for the shipped ones
   */
  Sandbox(int port, int adminPort, @Nullable Path routes) throws IOException {
    folder = Files.createTempDirectory("convor-relay-sandbox-");
    try {
      Path used = routes == null ? shippedRoutes() : routes.toAbsolutePath();
      destinations = closing(PretendDestinations.start(0));
      int webhooks = port == 0 ? freePort() : port;
      settings = SandboxSettings.create(folder, webhooks, adminPort, destinations);
      for (String org : settings.secrets().keySet()) {
        destinations.makeVisitorsContacts(
            Objects.requireNonNull(
                settings.properties().get("relay.orgs." + org + ".hubspot.token")));
      }
      convor =
          closing(
              new PretendConvor(
                  URI.create("http://127.0.0.1:" + webhooks + "/webhooks/"),
                  settings.secrets(),
                  PretendConvor.PAUSES));
      for (String org : convor.organizations()) {
        destinations.serve(
            Objects.requireNonNull(settings.properties().get("relay.orgs." + org + ".api.key")),
            convor.account(org));
      }
      SettingsReader reader = new SettingsReader(write(properties(used)), Map.of(), true);
      relay =
          closing(
              Wiring.relay(
                  reader.settings(),
                  InstantSource.system(),
                  (router, guard) -> SandboxPage.mount(router, guard, convor, destinations)));
      relay.start();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T closing(T part) {
    parts.push(part);
    return part;
  }

  /** The relay's settings, without those of connectors and polls that no route here has. */
  private Map<String, String> properties(Path routes) {
    Map<String, String> all = new TreeMap<>(settings.properties());
    all.put("relay.routes", routes.toString());
    all.put("camel.server.host", "127.0.0.1");
    RouteFiles files = RouteFiles.scan(routes, key -> null);
    all.keySet().removeIf(key -> isOfNoRoute(key, files));
    return all;
  }

  private static boolean isOfNoRoute(String key, RouteFiles files) {
    String[] parts = key.split("\\.", 4); // relay.orgs.<org>.<setting>, relay.poll.<poll>.<setting>
    if (key.startsWith("relay.poll.")) {
      return !files.polls().contains(parts[2]);
    }
    return key.startsWith("relay.orgs.")
        && !parts[3].startsWith("webhook.")
        && !parts[3].startsWith("api.")
        && !files.settings().contains(parts[3]);
  }

  private Path write(Map<String, String> properties) throws IOException {
    StringBuilder text = new StringBuilder();
    properties.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
    return Files.writeString(folder.resolve("application.properties"), text);
  }

  /** The routes of the jar, or of the class path, as files: that is what the relay reads. */
  private Path shippedRoutes() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("routes"));
    URL any = Objects.requireNonNull(Sandbox.class.getResource(ROUTES + "/receive.camel.yaml"));
    try {
      URI uri = any.toURI();
      if (uri.getScheme().equals("jar")) {
        try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
          copyAll(jar.getPath(ROUTES), copy);
        }
      } else {
        copyAll(Objects.requireNonNull(Path.of(uri).getParent()), copy);
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    return copy;
  }

  private static void copyAll(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(String.valueOf(file.getFileName())));
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** One event of each type, so that there is something to see. */
  void sendOneOfEach() {
    for (String type : ConvorEvents.TYPES) {
      var unused = convor.send("acme", type);
    }
  }

  String page() {
    return "http://127.0.0.1:" + relay.adminPort() + "/sandbox#token=" + settings.adminToken();
  }

  String webhooks() {
    return "http://127.0.0.1:" + relay.webhookPort();
  }

  String admin() {
    return "http://127.0.0.1:" + relay.adminPort();
  }

  SandboxSettings settings() {
    return settings;
  }

  PretendDestinations destinations() {
    return destinations;
  }

  Path folder() {
    return folder;
  }

  @Override
  public void close() {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        log.warn("the sandbox was not closed cleanly: {}", e.getMessage());
      }
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    } catch (IOException | UncheckedIOException e) {
      log.warn("{} was not removed: {}", folder, e.getMessage());
    }
  }
}
