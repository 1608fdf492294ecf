package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import convor.relay.sandbox.Call;
import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Effect;
import convor.relay.sandbox.PretendDestinations;
import convor.relay.testing.TestRelay;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Shipped routes, as they are, in a real relay, against pretend destinations over real HTTP. */
abstract class RouteTest {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicInteger KEYS = new AtomicInteger();

  @TempDir private Path folder;
  PretendDestinations destinations;
  TestRelay relay;

  @BeforeEach
  void prepare() {
    destinations = PretendDestinations.start(0);
    relay = new TestRelay(folder);
    relay.set("relay.delivery.backoff", "100ms").set("relay.call.timeout", "2s");
  }

  @AfterEach
  void close() {
    relay.close();
    destinations.close();
  }

  Path folder() {
    return folder;
  }

  /** JSON, written with single quotes. */
  static JsonNode json(String text) {
    return parse(text.replace('\'', '"'));
  }

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** An event with a key of its own; {@code data} with single quotes. */
  static String event(String type, String data) {
    return json("{'id':'evt_%d','type':'%s','created_at':'2026-11-23T10:00:00Z','data':%s}"
            .formatted(KEYS.incrementAndGet(), type, data))
        .toString();
  }

  void send(String event) {
    assertThat(relay.send(event).statusCode()).isEqualTo(202);
  }

  void send(String org, String event) {
    byte[] body = event.getBytes(StandardCharsets.UTF_8);
    URI uri = relay.uri("/webhooks/" + org);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).POST(BodyPublishers.ofByteArray(body));
    Signer.sign(
            Schemes.named("convor", Map.of()),
            TestRelay.SECRET,
            "",
            body,
            Instant.now(),
            "POST",
            uri.toString())
        .forEach(request::header);
    assertThat(TestRelay.call(request.build()).statusCode()).isEqualTo(202);
  }

  List<Call> calls(Destination destination, String path) {
    return destinations.calls(destination).stream()
        .filter(call -> call.path().replaceFirst("[?].*", "").equals(path))
        .toList();
  }

  List<Effect> effects(Destination destination, String kind) {
    return destinations.effects(destination).stream()
        .filter(effect -> effect.kind().equals(kind))
        .toList();
  }

  /** The ledger's row of the event that was appended as the nth, once it is in the state. */
  Map<String, Object> delivery(String connector, int event, String state) {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                row(
                    "select * from delivery where connector = ? and event_id = ?",
                    connector,
                    event),
            row -> state.equals(row.get("state")));
  }

  /** The row of a connector and organization; empty if the organization is not subscribed. */
  Map<String, Object> pair(String connector, String org) {
    return row("select * from connector where name = ? and org = ?", connector, org);
  }

  /** The first row of the relay's store that the query gives; empty for none. */
  Map<String, Object> row(String query, Object... parameters) {
    return rowIn(relay.storeUrl(), query, parameters);
  }

  static Map<String, Object> rowIn(String url, String query, Object... parameters) {
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        PreparedStatement statement = connection.prepareStatement(query)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      Map<String, Object> row = new HashMap<>();
      if (!statement.execute()) {
        return row;
      }
      try (ResultSet rows = statement.getResultSet()) {
        if (rows.next()) {
          for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
            row.put(
                rows.getMetaData().getColumnName(i).toLowerCase(Locale.ROOT), rows.getObject(i));
          }
        }
      }
      return row;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
