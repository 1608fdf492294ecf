package convor.relay.testing;

import convor.relay.app.Relay;
import convor.relay.app.Settings;
import convor.relay.app.SettingsReader;
import convor.relay.app.Wiring;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * A relay in this process: the real wiring, an H2 file in a temporary folder, free ports on
 * 127.0.0.1.
 */
public final class TestRelay implements AutoCloseable {
  public static final String SECRET = "an-acme-signing-secret-for-tests";

  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Map<String, String> properties = new TreeMap<>();
  private final Path folder;
  private InstantSource clock = InstantSource.system();
  private Relay relay;
  private int port;

  /**
   * A relay with one organization, {@code acme}, and no routes but {@code receive}.
   *
   * @param folder a temporary folder: settings, routes and store get in there
   */
  public TestRelay(Path folder) {
    this.folder = folder;
    set("relay.store.url", "jdbc:h2:file:" + folder.resolve("data/relay"));
    set("relay.routes", folder.resolve("routes").toString());
    set("camel.server.host", "127.0.0.1");
    set("relay.orgs.acme.webhook.secrets", SECRET);
    set("relay.delivery.poll-interval", "50ms");
    shippedRoute("receive");
  }

  public TestRelay set(String key, String value) {
    properties.put(key, value);
    return this;
  }

  public TestRelay clock(InstantSource instants) {
    clock = instants;
    return this;
  }

  /** Adds {@code routes/<name>.camel.yaml} as it is shipped. */
  public TestRelay shippedRoute(String name) {
    try {
      return route(name, Files.readString(Path.of("routes", name + ".camel.yaml")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public TestRelay route(String name, String yaml) {
    try {
      Path routes = Files.createDirectories(folder.resolve("routes"));
      Files.writeString(routes.resolve(name + ".camel.yaml"), yaml);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public TestRelay start() {
    port = freePort();
    set("camel.server.port", String.valueOf(port));
    set("relay.admin.port", String.valueOf(freePort()));
    relay = Wiring.relay(settings(), clock).start();
    return this;
  }

  public Settings settings() {
    try {
      Path file = folder.resolve("application.properties");
      StringBuilder text = new StringBuilder();
      properties.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
      Files.writeString(file, text);
      return new SettingsReader(file, Map.of(), true).settings();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Relay relay() {
    return relay;
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** Sends a body as Convor would, signed for {@code acme}. */
  public HttpResponse<String> send(String body) {
    return send("acme", SECRET, body);
  }

  /** Sends a body as Convor would, signed for the organization. */
  public HttpResponse<String> send(String org, String secret, String body) {
    return call(signed(uri("/webhooks/" + org), secret, body, clock.instant()));
  }

  /** A request as Convor would send it now, signed for {@code acme}. */
  public static HttpRequest signed(URI uri, String body) {
    return signed(uri, SECRET, body, Instant.now());
  }

  private static HttpRequest signed(URI uri, String secret, String body, Instant now) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).POST(BodyPublishers.ofByteArray(bytes));
    Signer.sign(Schemes.named("convor", Map.of()), secret, "", bytes, now, "POST", uri.toString())
        .forEach(request::header);
    return request.build();
  }

  /** Sends an event {@code {"id":…,"type":…}} and expects it to be accepted. */
  public void accept(String id, String type) {
    accept("acme", SECRET, "{\"id\":\"%s\",\"type\":\"%s\"}".formatted(id, type));
  }

  /** Sends an event and expects it to be accepted. */
  public void accept(String org, String secret, String body) {
    HttpResponse<String> answer = send(org, secret, body);
    if (answer.statusCode() != 202) {
      throw new AssertionError(body + ": " + answer.statusCode() + " " + answer.body());
    }
  }

  /** The store's file, as the relay opens it: a second connection in this process sees the same. */
  public String storeUrl() {
    return "jdbc:h2:inline:" + folder.resolve("data/relay") + ";DB_CLOSE_ON_EXIT=FALSE";
  }

  /** The one column of rows of the store. */
  public List<String> rows(String sql, Function<Object, String> text) {
    try (Connection connection = DriverManager.getConnection(storeUrl(), "sa", "");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> all = new ArrayList<>();
      while (rows.next()) {
        all.add(text.apply(rows.getObject(1)));
      }
      return all;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Rows of the store, each as its columns joined by blanks. */
  public List<String> rows(String sql) {
    try (Connection connection = DriverManager.getConnection(storeUrl(), "sa", "");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> all = new ArrayList<>();
      while (rows.next()) {
        StringJoiner row = new StringJoiner(" ");
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
          row.add(String.valueOf(rows.getObject(i)));
        }
        all.add(row.toString());
      }
      return all;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has the store do something. */
  public void execute(String sql) {
    try (Connection connection = DriverManager.getConnection(storeUrl(), "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  public static HttpResponse<String> call(HttpRequest request) {
    try {
      return CLIENT.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** One that this process has not been given before: two in a row may be the same else. */
  public static int freePort() {
    int port;
    do {
      try (ServerSocket socket = new ServerSocket(0)) {
        port = socket.getLocalPort();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    } while (!GIVEN.add(port));
    return port;
  }

  @Override
  public void close() {
    if (relay != null) {
      relay.close();
      relay = null;
    }
  }
}
