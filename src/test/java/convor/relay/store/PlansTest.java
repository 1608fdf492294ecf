package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.Postgresql;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
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

  private static final String MANY_DELIVERIES =
      """
      insert into delivery (connector, event_id, org, state, attempt, due_at, outcome_unknown, started_at)
      select 'slack', id, org, 'done', 1, null, false, 0 from event e
      where not exists (select 1 from delivery where event_id = e.id)
      """;

  /** PostgreSQL itself would do it within a minute. */
  private static final String NO_AUTOVACUUM =
      """
      alter table event set (autovacuum_enabled = off);
      alter table delivery set (autovacuum_enabled = off)
      """;

  private static final String PREPARED =
      """
      select name, statement, array_to_string(parameter_types::text[], ' ') from pg_prepared_statements
      where statement ~ '(event|delivery)'
      """;

  private static final Pattern READS_ALL =
      Pattern.compile("Seq Scan on (event|delivery|pruned_key)");

  private static final Pattern BY_CONNECTOR =
      Pattern.compile("Index Cond: [(]+connector[^<>\\n]*[)]$", Pattern.MULTILINE);

  /** A value for a parameter of each type. */
  private static final Map<String, String> VALUES =
      Map.of(
          "bigint", "'100'",
          "integer", "'8'",
          "boolean", "'false'",
          "bytea", "'\\x00'",
          "bytea[]", "array['\\x00'::bytea, '\\x01', '\\x02', '\\x03']",
          "bigint[]", "'{1, 2, 3, 4, 5, 6, 7, 8}'",
          "character varying", "'slack'",
          "character varying[]", "'{a, b}'");

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

  @Test
  void what_was_prepared_on_an_empty_store_reads_no_more_of_a_full_one() throws SQLException {
    StoreSettings one = new StoreSettings(server.emptyDatabase(), null, null, 1, 1_000, 100);
    try (Database empty = Database.open(one)) {
      appendAndDeliver(empty, one, 20); // the driver and the server prepare what is run often
      empty.inTransaction(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              statement.execute(NO_AUTOVACUUM);
              statement.execute(MANY_EVENTS.replace("'org' || n % 2", "'slack'"));
              return statement.executeUpdate(MANY_DELIVERIES);
            }
          });
      Awaitility.await() // until the tables are analyzed
          .untilAsserted(
              () ->
                  assertThat(empty.inTransaction(PlansTest::preparedPlans))
                      .anyMatch(plan -> plan.contains("select key_hash from event"))
                      .anyMatch(plan -> plan.contains("where id = any"))
                      .anyMatch(plan -> plan.contains("update delivery"))
                      .noneMatch(plan -> READS_ALL.matcher(plan).find())
                      .noneMatch(PlansTest::readsAllOfTheConnector));
    }
  }

  /** An index that is asked for nothing but the connector and the organization. */
  private static boolean readsAllOfTheConnector(String plan) {
    return BY_CONNECTOR
        .matcher(plan)
        .results()
        .anyMatch(found -> !found.group().matches(".*(event_id|due_at|subject).*"));
  }

  private static void appendAndDeliver(Database empty, StoreSettings settings, int times) {
    Pair pair = new Pair("slack", "slack");
    Selection all =
        new Selection(type -> true, false, null, Duration.ofMinutes(1), Duration.ofMinutes(1));
    Deliveries deliveries = new Deliveries(empty);
    new Pairs(empty).register(pair, true, "", Instant.EPOCH);
    try (GroupCommit log = new GroupCommit(empty, settings)) {
      List<Settlement> ended = List.of();
      for (int i = 0; i < times; i++) {
        log.append(List.of(event("first " + i), event("second " + i)));
        List<Settlement> settle = ended;
        ended =
            deliveries
                .turn(
                    pair,
                    all,
                    status -> new Deliveries.Decision(status, settle),
                    8,
                    Instant.EPOCH.plusSeconds(i))
                .claims()
                .stream()
                .map(PlansTest::done)
                .toList();
      }
    }
  }

  private static Event event(String key) {
    return new Event(
        "slack", "convor", key, "t", null, null, Instant.EPOCH, Map.of(), new byte[] {1});
  }

  private static Settlement done(Claim claim) {
    Settlement.Answer answer = new Settlement.Answer(200, null, null, null);
    return new Settlement(claim, Settlement.State.DONE, null, claim.attempt(), false, answer);
  }

  /** Of each prepared statement of the session what it says and how it would be run now. */
  private static List<String> preparedPlans(Connection connection) throws SQLException {
    List<String> plans = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      Map<String, String> explains = new LinkedHashMap<>();
      try (ResultSet rows = statement.executeQuery(PREPARED)) {
        while (rows.next()) {
          explains.put(explain(rows.getString(1), rows.getString(3)), rows.getString(2));
        }
      }
      for (Map.Entry<String, String> explain : explains.entrySet()) {
        StringBuilder plan = new StringBuilder(explain.getValue()).append('\n');
        try (ResultSet rows = statement.executeQuery(explain.getKey())) {
          while (rows.next()) {
            plan.append(rows.getString(1)).append('\n');
          }
        }
        plans.add(plan.toString());
      }
    }
    return plans;
  }

  private static String explain(String name, String types) {
    String values =
        Arrays.stream(types.split(" (?!varying)"))
            .map(VALUES::get)
            .collect(Collectors.joining(", ", " (", ")"));
    return "explain execute \"" + name + '"' + (types.isEmpty() ? "" : values);
  }
}
