package convor.relay.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/** A relay's folder: its settings, the shipped receiving route and a route per connector. */
final class BenchmarkedRelay {
  private static final String RECEIVE = "/convor/relay/sandbox/routes/receive.camel.yaml";

  private BenchmarkedRelay() {}

  /**
   * Starts it; its routes post each event to {@code destination}.
   *
   * @param dead the port of one more connector's destination, which never answers: each of its
   *     calls times out, after a second, and it is not parked
   */
  static Child start(
      Path folder, String store, int connectors, Destination destination, OptionalInt dead) {
    int port = Child.freePort();
    try {
      Path routes = Files.createDirectories(folder.resolve("routes"));
      Files.writeString(
          folder.resolve("application.properties"),
          """
          camel.server.host = 127.0.0.1
          camel.server.port = %d
          relay.admin.port = 0
          relay.store.url = %s
          relay.orgs.%s.webhook.secrets = %s
          """
              .formatted(port, store, Child.ORG, Child.SECRET));
      try (InputStream receive =
          Objects.requireNonNull(BenchmarkedRelay.class.getResourceAsStream(RECEIVE))) {
        Files.write(routes.resolve("receive.camel.yaml"), receive.readAllBytes());
      }
      for (int i = 1; i <= connectors; i++) {
        Files.writeString(
            routes.resolve("bench" + i + ".camel.yaml"), route("bench" + i, i, destination.port()));
      }
      if (dead.isPresent()) {
        Files.writeString(routes.resolve("dead.camel.yaml"), route("dead", 0, dead.getAsInt()));
        Files.writeString(
            folder.resolve("application.properties"),
            """
            relay.call.timeout = 1s
            relay.delivery.park-after = 1000000
            """,
            StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Child(folder, port, List.of());
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
