package convor.relay.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.TestRelay;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Receiving when the store stands still or is gone, and when senders are slow or too many. */
class UnderPressureTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Executor EACH = task -> new Thread(task).start();

  @TempDir Path folder;
  private TestRelay relay;

  @AfterEach
  void close() {
    relay.close();
  }

  private void start(String... keysAndValues) {
    relay = new TestRelay(folder);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      relay.set(keysAndValues[i], keysAndValues[i + 1]);
    }
    relay.start();
  }

  private CompletableFuture<String> send(String id) {
    return CompletableFuture.supplyAsync(() -> answer(id), EACH);
  }

  private String answer(String id) {
    try (RawHttp http = new RawHttp(relay.uri("/"))) {
      return http.send(Signed.event(id).bytes()).response();
    }
  }

  private HttpResponse<String> health() {
    return TestRelay.call(HttpRequest.newBuilder(relay.uri("/health")).build());
  }

  /** H2's exclusive mode: every other connection's statement waits until it ends. */
  private final class StandStill implements AutoCloseable {
    private final Connection connection;

    StandStill() throws SQLException {
      connection = DriverManager.getConnection(relay.storeUrl(), "sa", "");
      execute("set exclusive 1");
    }

    void execute(String sql) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }

    @Override
    public void close() throws SQLException {
      execute("set exclusive 0");
      connection.close();
    }
  }

  @Test
  @SuppressWarnings("try")
  void duplicate_in_flight_is_not_acknowledged_before_the_first_is_committed() throws Exception {
    start();
    List<CompletableFuture<String>> answers = new ArrayList<>();
    try (StandStill still = new StandStill()) {
      for (int i = 0; i < 10; i++) {
        answers.add(send("copy"));
      }
      await()
          .during(Duration.ofSeconds(2))
          .atMost(LONG)
          .until(() -> answers.stream().noneMatch(CompletableFuture::isDone));
    }
    List<Integer> statuses =
        answers.stream().map(CompletableFuture::join).map(RawHttp::status).sorted().toList();
    assertThat(statuses).containsExactly(200, 200, 200, 200, 200, 200, 200, 200, 200, 202);
    assertThat(relay.rows("select event_key from event")).containsExactly("copy");
  }

  @Test
  @SuppressWarnings("try")
  void beyond_the_append_queue_the_sender_is_told_to_come_back() throws Exception {
    start("relay.append.queue", "1", "relay.append.batch", "1", "relay.webhook.retry-after", "7s");
    List<CompletableFuture<String>> answers = new ArrayList<>();
    try (StandStill still = new StandStill()) {
      for (int i = 0; i < 10; i++) {
        answers.add(send("e" + i));
      }
      // one is being written, one waits for that, the others are told at once
      await()
          .atMost(LONG)
          .until(() -> answers.stream().filter(CompletableFuture::isDone).count() >= 8);
    }
    for (CompletableFuture<String> answer : answers) {
      assertThat(RawHttp.status(answer.join())).isIn(202, 503);
      if (answer.join().contains(" 503 ")) {
        assertThat(answer.join())
            .containsIgnoringCase("Retry-After: 7\r\n")
            .endsWith("{\"status\":\"unavailable\",\"reason\":\"come back later\"}");
      }
    }
    assertThat(answers)
        .filteredOn(answer -> answer.join().contains(" 503 "))
        .hasSizeGreaterThanOrEqualTo(8);
    assertThat(answer("later")).contains(" 202 ");
  }

  @Test
  void without_its_store_the_relay_says_so_and_goes_on_when_it_is_back() throws Exception {
    start();
    assertThat(answer("before")).contains(" 202 ");
    try (Connection connection = DriverManager.getConnection(relay.storeUrl(), "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute("shutdown immediately");
    }
    String sameFile = relay.storeUrl().replace("jdbc:h2:inline:", "jdbc:h2:file:");
    try (Connection locked = DriverManager.getConnection(sameFile, "sa", "")) {
      assertThat(locked.isValid(5)).isTrue();
      String refused = answer("during");
      assertThat(RawHttp.status(refused)).isEqualTo(503);
      assertThat(refused).containsIgnoringCase("Retry-After: 5\r\n").doesNotContain("h2", "jdbc");
      await().atMost(LONG).until(() -> health().statusCode() == 503);
      assertThat(health().body()).contains("\"status\":\"down\"").contains("\"store\":\"down\"");
    }
    await().atMost(LONG).until(() -> answer("during").contains(" 202 "));
    await().atMost(LONG).until(() -> health().body().contains("\"status\":\"up\""));
    assertThat(answer("before")).contains(" 200 ");
    assertThat(relay.rows("select event_key from event order by id"))
        .containsExactly("before", "during");
  }

  @Test
  void a_step_that_waits_holds_up_its_own_request_only() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      relay = new TestRelay(folder);
      String asks = "- to: http://127.0.0.1:" + silent.getLocalPort() + "/\n              ";
      String shipped = Files.readString(Path.of("routes/receive.camel.yaml"));
      relay.route("receive", shipped.replaceFirst("(?=- process: \\{ref: answer})", asks)).start();
      CompletableFuture<String> waits = send("waits");
      try (Socket asked = silent.accept()) {
        assertThat(health().statusCode()).isEqualTo(200);
        assertThat(waits).isNotDone();
        asked.setSoLinger(true, 0);
      }
      assertThat(waits.get(LONG.toSeconds(), TimeUnit.SECONDS)).contains(" 503 ");
    }
    assertThat(relay.rows("select event_key from event")).containsExactly("waits");
  }

  @Test
  void slow_bodies_hold_no_worker_and_are_answered_408_in_the_end() {
    start("relay.webhook.workers", "1");
    List<RawHttp> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        RawHttp http = new RawHttp(relay.uri("/"));
        slow.add(http.send(Signed.event("slow").head() + "Content-Length: 500\r\n\r\n{\"id\":"));
      }
      assertThat(answer("fast")).contains(" 202 ");
      assertThat(RawHttp.status(slow.get(0).response())).isEqualTo(408);
      assertThat(answer("faster")).contains(" 202 ");
    } finally {
      slow.forEach(RawHttp::close);
    }
    assertThat(relay.rows("select event_key from event order by id"))
        .containsExactly("fast", "faster");
  }

  @Test
  void beyond_what_may_be_held_at_once_the_sender_is_told_to_come_back() {
    start("relay.webhook.max-held", "2MiB");
    List<RawHttp> senders = new ArrayList<>();
    try {
      List<CompletableFuture<String>> answers = new ArrayList<>();
      for (int i = 0; i < 3; i++) { // whole bodies would not fit together: the last one is refused
        RawHttp http = new RawHttp(relay.uri("/"));
        senders.add(http);
        http.send(Signed.event("x").head() + "Content-Length: 1000000\r\n\r\n");
        http.send(new byte[900_000]);
        answers.add(CompletableFuture.supplyAsync(http::response, EACH));
      }
      String refused =
          (String) CompletableFuture.anyOf(answers.toArray(new CompletableFuture<?>[0])).join();
      assertThat(RawHttp.status(refused)).as(refused).isEqualTo(503);
      assertThat(refused).containsIgnoringCase("Retry-After: 5\r\n");
      assertThat(answer("small")).contains(" 202 ");
    } finally {
      senders.forEach(RawHttp::close);
    }
    // what they held is given back, whichever way they ended
    String large = "{\"id\":\"large%d\",\"type\":\"t\",\"x\":\"" + "x".repeat(1_000_000) + "\"}";
    await()
        .atMost(LONG)
        .untilAsserted(
            () -> {
              for (int i = 0; i < 5; i++) {
                try (RawHttp http = new RawHttp(relay.uri("/"))) {
                  http.send(Signed.of(large.formatted(i)).bytes());
                  assertThat(RawHttp.status(http.response())).isIn(200, 202);
                }
              }
            });
  }

  @Test
  void clients_that_go_away_in_the_middle_leave_nothing_behind() {
    start("relay.webhook.max-held", "2MiB");
    for (int i = 0; i < 200; i++) {
      try (RawHttp http = new RawHttp(relay.uri("/"))) {
        http.send(Signed.event("gone").head() + "Content-Length: 100000\r\n\r\n");
        http.send(new byte[50_000]);
      }
    }
    await().atMost(LONG).until(() -> answer("after").matches("(?s).* 20[02] .*"));
  }
}
