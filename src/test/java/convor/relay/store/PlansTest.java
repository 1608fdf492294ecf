package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.Postgresql;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked all the time reads no more of a large log than what is behind a position. */
class PlansTest {
  private static final String MANY_EVENTS =
      """
      insert into event (key_hash, org, source, event_key, type, received_at, headers, body)
      select decode(md5('' || n), 'hex'), 'org' || n % 2, 'convor', '' || n, 't', n, '{}', decode('00', 'hex')
      from generate_series(1, 50000) n
      """;

  private static final String CAUGHT_UP =
      """
      insert into connector (name, org, position, state, failures, active_since, rate_at, fingerprint, seen_at)
      select 'slack', 'org' || n, 50000, 'active', 0, 0, 0, '', 0 from generate_series(0, 1) n
      """;

  private static Postgresql server;
  private static Database database;

  @BeforeAll
  static void start(@TempDir Path folder) throws SQLException {
    server = Postgresql.quick(Postgresql.Version.OLDEST, folder);
    database = Database.open(new StoreSettings(server.emptyDatabase(), null, null, 2, 1_000, 100));
    try (Connection connection = database.pool.getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : new String[] {MANY_EVENTS, CAUGHT_UP, "analyze"}) {
        statement.execute(sql);
      }
      connection.commit();
    }
  }

  @AfterAll
  static void stop() {
    database.close();
    server.close();
  }

  private static String plan(String query, Object... parameters) throws SQLException {
    try (Connection connection = database.pool.getConnection();
        PreparedStatement explain = connection.prepareStatement("explain " + query)) {
      Sql.bind(explain, parameters);
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = explain.executeQuery()) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      return plan.toString();
    }
  }

  private static void readsBehindThePositionOnly(String plan) {
    assertThat(plan)
        .contains("using event_by_org on event")
        .contains("Index Cond: (ROW(org, id) > ROW((c.org)::text, c.\"position\"))")
        .doesNotContain("Seq Scan on event");
  }

  @Test
  void who_has_work() throws SQLException {
    readsBehindThePositionOnly(
        plan(Pairs.WITH_WORK.formatted(database.eventsBehind()), "slack", 0L, 0L));
  }

  @Test
  void who_is_behind() throws SQLException {
    readsBehindThePositionOnly(plan(Backlogs.BEHIND.formatted(database.eventsBehind())));
  }
}
