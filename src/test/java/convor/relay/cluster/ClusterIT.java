package convor.relay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.crash.Load;
import convor.relay.crash.Routes;
import convor.relay.testing.Destination;
import convor.relay.testing.Destination.Call;
import convor.relay.testing.Postgresql;
import convor.relay.testing.RelayProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes, one PostgreSQL; one node is killed in the middle, or both are restarted in turn. */
class ClusterIT {
  private static final int EVENTS = 5_000;
  private static final List<String> CONNECTORS = List.of("crm", "tickets");
  private static final int DELIVERIES = EVENTS * CONNECTORS.size();
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir Path folder;

  @Test
  void a_node_that_is_killed_loses_nothing_and_nothing_is_settled_twice() throws Exception {
    try (Destination destination = new Destination();
        Postgresql server =
            Postgresql.quick(
                Postgresql.Version.NEWEST, Files.createDirectory(folder.resolve("postgresql")))) {
      String url = server.emptyDatabase();
      try (RelayProcess one = node("one", url, destination);
          RelayProcess two = node("two", url, destination)) {
        one.start();
        watchSettlements(url);
        two.start();
        try (Load load = new Load(List.of(one, two), 12, EVENTS)) {
          await().atMost(PATIENCE).until(() -> destination.effects().size() > DELIVERIES / 3);
          two.kill();
          load.await();
          await().atMost(PATIENCE).until(() -> settled(url, "state = 'done'").size() >= DELIVERIES);
          System.out.printf(
              "two nodes, one killed: %d acknowledged, answers %s, %d calls for %d effects%n",
              load.acknowledged().size(),
              load.answers(),
              destination.calls().size(),
              destination.effects().size());
          assertThat(Postgresql.column(url, "select event_key from event"))
              .containsExactlyInAnyOrderElementsOf(load.acknowledged());
        }
        assertThat(settled(url, "true")).hasSize(DELIVERIES).doesNotHaveDuplicates();
        assertThat(destination.effects()).hasSize(DELIVERIES);
        assertThat(destination.calls().stream().map(Call::key).distinct()).hasSize(DELIVERIES);
        assertThat(destination.calls())
            .as("a call that may be the second says so")
            .allMatch(call -> call.attempt().equals("1") || call.outcomeUnknown());
        assertThat(one.terminate()).isIn(0, 143);
      }
    }
  }

  @Test
  void a_rolling_restart_loses_nothing_and_does_nothing_twice() throws Exception {
    try (Destination destination = new Destination();
        Postgresql server =
            Postgresql.quick(
                Postgresql.Version.NEWEST, Files.createDirectory(folder.resolve("postgresql")))) {
      String url = server.emptyDatabase();
      try (RelayProcess one = node("one", url, destination);
          RelayProcess two = node("two", url, destination)) {
        one.start();
        watchSettlements(url);
        two.start();
        Load load = new Load(List.of(one, two), 8, Integer.MAX_VALUE);
        try (load) {
          for (RelayProcess node : List.of(one, two)) {
            awaitMore(load);
            assertThat(node.terminate()).isIn(0, 143);
            awaitMore(load);
            node.start();
          }
          awaitMore(load);
          load.finish();
        }
        int deliveries = load.acknowledged().size() * CONNECTORS.size();
        await().atMost(PATIENCE).until(() -> settled(url, "state = 'done'").size() >= deliveries);
        System.out.printf(
            "rolling restart of two nodes: %d acknowledged, answers %s, deliveries after %s ms (half, 99 %%, all)%n",
            load.acknowledged().size(), load.answers(), delays(url));
        assertThat(Postgresql.column(url, "select event_key from event"))
            .containsExactlyInAnyOrderElementsOf(load.acknowledged());
        assertThat(settled(url, "true")).hasSize(deliveries).doesNotHaveDuplicates();
        assertThat(destination.calls().stream().map(Call::key))
            .as("calls: also none that a node did not get to settle")
            .hasSize(deliveries)
            .doesNotHaveDuplicates();
      }
    }
  }

  private static void awaitMore(Load load) {
    int before = load.acknowledged().size();
    await().atMost(PATIENCE).until(() -> load.acknowledged().size() > before + 300);
  }

  private static List<String> delays(String url) {
    return Postgresql.column(
        url,
        """
        select round(percentile_cont(share) within group (order by settled_at - received_at))
        from delivery join event on id = event_id, unnest(array[0.5, 0.99, 1]) share
        group by share order by share
        """);
  }

  private RelayProcess node(String name, String url, Destination destination) throws Exception {
    RelayProcess node = new RelayProcess(Files.createDirectory(folder.resolve(name)));
    CONNECTORS.forEach(connector -> node.route(connector, Routes.keyed(connector, destination)));
    return node.set("relay.store.url", url).set("relay.delivery.lease", "6s");
  }

  /** The database itself writes down each time a delivery is settled. */
  private static void watchSettlements(String url) {
    Postgresql.execute(
        url,
        """
        create table settled (connector text, event_id bigint, state text);
        create function settled() returns trigger language plpgsql as
          'begin insert into settled values (new.connector, new.event_id, new.state); return null; end';
        create trigger settled after update on delivery for each row when (new.state in ('done', 'dead'))
          execute function settled()
        """);
  }

  private static List<String> settled(String url, String condition) {
    return Postgresql.column(
        url, "select connector || ' ' || event_id from settled where " + condition);
  }
}
