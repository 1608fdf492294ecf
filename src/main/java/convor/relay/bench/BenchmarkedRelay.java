package convor.relay.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/** A relay's folder: its settings, the shipped receiving route and a route per connector. */
record BenchmarkedRelay(Child server, int adminPort) {
  /** How long a call to the dead destination takes. */
  static final Duration DEAD_CALL = Duration.ofSeconds(1);

  private static final String DEAD = "dead";
  private static final String RECEIVE = "/convor/relay/sandbox/routes/receive.camel.yaml";

  /**
   * Starts it; its routes post each event to {@code destination}.
   *
   * @param dead the port of one more connector's destination, which never answers: each of its
   *     calls times out, and it is not parked
   */
  static BenchmarkedRelay start(
      Path folder, String store, int connectors, Destination destination, OptionalInt dead) {
    int port = Child.freePort();
    int adminPort = Child.freePort();
    try {
      Path routes = Files.createDirectories(folder.resolve("routes"));
      Files.writeString(
          folder.resolve("application.properties"),
          """
          camel.server.host = 127.0.0.1
          camel.server.port = %d
          relay.admin.port = %d
          relay.store.url = %s
          relay.orgs.%s.webhook.secrets = %s
          """
              .formatted(port, adminPort, store, Child.ORG, Child.SECRET));
      try (InputStream receive =
          Objects.requireNonNull(BenchmarkedRelay.class.getResourceAsStream(RECEIVE))) {
        Files.write(routes.resolve("receive.camel.yaml"), receive.readAllBytes());
      }
      for (int i = 1; i <= connectors; i++) {
        Files.writeString(
            routes.resolve("bench" + i + ".camel.yaml"), route("bench" + i, i, destination.port()));
      }
      if (dead.isPresent()) {
        Files.writeString(routes.resolve(DEAD + ".camel.yaml"), route(DEAD, 0, dead.getAsInt()));
        Files.writeString(
            folder.resolve("application.properties"),
            """
            relay.call.timeout = %ds
            relay.delivery.park-after = 1000000
            """
                .formatted(DEAD_CALL.toSeconds()),
            StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new BenchmarkedRelay(new Child(folder, port, List.of()), adminPort);
  }

  /** From now on the dead destination is called, or nothing is attempted for its connector. */
  void callDead(boolean call) {
    URI command =
        URI.create(
            "http://127.0.0.1:%d/api/v1/connectors/%s/%s/%s"
                .formatted(adminPort, DEAD, Child.ORG, call ? "resume" : "pause"));
    try {
      HttpURLConnection connection = (HttpURLConnection) command.toURL().openConnection();
      connection.setRequestMethod("POST");
      if (connection.getResponseCode() != 200) {
        throw new IllegalStateException(command + ": " + connection.getResponseCode());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String route(String name, int path, int port) {
    return """
        - route:
            id: %1$s
            from:
              uri: inbox:%1$s
              steps:
                - setBody: {jq: '{subject: .data.conversation.subject}'}
                - marshal: {json: {}}
                - setHeader: {name: %3$s, simple: "${header.RelayKey}"}
                - to: http://127.0.0.1:%2$d/%4$d
        """
        .formatted(name, port, Destination.KEY, path);
  }
}
