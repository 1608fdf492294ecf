package convor.relay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Postgresql;
import convor.relay.testing.Target;
import convor.relay.testing.TestRelay;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that share one PostgreSQL, in this process. */
class NodesTest {
  private static final Duration SOON = Duration.ofMinutes(1);

  private static Postgresql server;

  @TempDir private Path folder;
  private final List<TestRelay> nodes = new ArrayList<>();
  private final Target target = new Target();
  private String url;

  @BeforeAll
  static void start(@TempDir Path folder) {
    server = Postgresql.quick(Postgresql.Version.NEWEST, folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() {
    url = server.emptyDatabase();
  }

  @AfterEach
  void close() {
    nodes.forEach(TestRelay::close);
    target.close();
  }

  private TestRelay node() throws Exception {
    Path own = Files.createDirectory(folder.resolve("node" + nodes.size()));
    TestRelay node = new TestRelay(own).set("relay.store.url", url);
    nodes.add(node);
    return node;
  }

  private TestRelay nodeWith(String connector) throws Exception {
    return node().route(connector, target.route(connector, "startFrom: earliest"));
  }

  /**
   * The race of a log with several writers: the late event has its id, the early one is committed
   * under a higher id and delivered, and a position that moved there would have passed the late
   * one.
   */
  @Test
  void no_connector_misses_an_event_whose_transaction_is_committed_late() throws Exception {
    TestRelay one = nodeWith("crm").start();
    TestRelay two = nodeWith("crm").start();
    Postgresql.execute(
        url,
        """
        create function hold() returns trigger language plpgsql set lock_timeout = 0 as
          'begin perform pg_advisory_xact_lock_shared(1); return new; end';
        create trigger hold before insert on event for each row when (new.event_key = 'late') execute function hold()
        """);
    CompletableFuture<Void> late;
    CompletableFuture<Void> early;
    try (Connection gate = DriverManager.getConnection(url)) {
      gate.createStatement().execute("select pg_advisory_lock(1)");
      late = CompletableFuture.runAsync(() -> sendUntilAccepted(one, "late"));
      await().atMost(SOON).until(() -> waiting() == 1);
      early = CompletableFuture.runAsync(() -> sendUntilAccepted(two, "early"));
      await().atMost(SOON).until(() -> waiting() == 2 || !target.calls("early").isEmpty());
    }
    late.join();
    early.join();
    await().atMost(SOON).until(() -> !target.calls("early").isEmpty());
    await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(target.calls("late")).as("the late event").hasSize(1));
  }

  /** As a sender does, who gets a 503 where the wait is too long. */
  private static void sendUntilAccepted(TestRelay node, String id) {
    await().atMost(SOON).until(() -> node.send(event(id)).statusCode() / 100 == 2);
  }

  private static String event(String id) {
    return "{\"id\":\"%s\",\"type\":\"conversation.created\"}".formatted(id);
  }

  /** How many transactions wait for a lock like ours. */
  private int waiting() {
    return Integer.parseInt(
        Postgresql.column(
                url,
                """
                select count(*) from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.locktype = 'advisory' and not l.granted
                """)
            .get(0));
  }

  @Test
  void what_one_node_takes_in_another_delivers_without_waiting_for_its_next_look()
      throws Exception {
    TestRelay receiving = node().set("relay.delivery.poll-interval", "1h").start();
    nodeWith("crm").set("relay.delivery.poll-interval", "1h").start();
    await()
        .atMost(SOON)
        .until(
            () -> {
              receiving.accept("evt_" + System.nanoTime(), "conversation.created");
              return !target.calls().isEmpty();
            });
  }

  @Test
  void nodes_with_different_routes_lose_none_of_each_others_events() throws Exception {
    TestRelay crm = nodeWith("crm").start();
    TestRelay slack = nodeWith("slack").start();
    for (int i = 0; i < 10; i++) {
      crm.accept("a" + i, "conversation.created");
      slack.accept("b" + i, "conversation.created");
    }
    await().atMost(SOON).until(() -> calls("/crm") == 20 && calls("/slack") == 20);
    crm.close();
    slack.accept("while crm was away", "conversation.created");
    await().atMost(SOON).until(() -> calls("/slack") == 21);
    crm.start();
    await().atMost(SOON).until(() -> calls("/crm") == 21);
    assertThat(target.calls()).extracting(Target.Call::key).doesNotHaveDuplicates();
  }

  private long calls(String path) {
    return target.calls().stream().filter(call -> call.path().equals(path)).count();
  }
}
