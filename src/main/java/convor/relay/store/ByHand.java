package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a person does to deliveries and pairs. Each change of a pair holds the pair's row, as the
 * turns of the dispatchers do, and is on disk when the call returns; large ones are made in batches
 * between which the connector goes on.
 */
public final class ByHand {
  /** How the reason of a pause begins that a person made. */
  public static final String REASON = "by hand";

  private static final int BATCH = 500;

  private static final String DEAD_OR_LATER =
      """
      select event_id from delivery
      where connector = ? and org = ? and due_at > ? and due_at <> ? and state in ('waiting', 'dead')
      and event_id between ? and ? order by event_id limit ?
      """;

  private static final String SETTLED =
      """
      select event_id from delivery
      where connector = ? and org = ? and state in ('done', 'dead') and event_id between ? and ?
      order by event_id limit ?
      """;

  // The attempts go on counting: a route that looks before it creates does so from the second on.
  private static final String RETRY =
      """
      update delivery set state = 'waiting', due_at = ?, started_at = 0
      where connector = ? and event_id = any(?)
      """;

  private static final String REPLAY =
      """
      update delivery set state = 'waiting', due_at = ?, started_at = 0, outcome_unknown = false
      where connector = ? and event_id = any(?)
      """;

  private final Database database;

  public ByHand(Database database) {
    this.database = database;
  }

  /**
   * Which deliveries.
   *
   * @param connector null for all
   * @param org null for all
   * @param from the first event's id
   * @param to the last event's id
   */
  public record Choice(@Nullable String connector, @Nullable String org, long from, long to) {
    boolean has(Pair pair) {
      return (connector == null || connector.equals(pair.connector()))
          && (org == null || org.equals(pair.org()));
    }
  }

  /**
   * Makes dead deliveries, and those that wait for a later attempt, due now, with all the time of a
   * new one. That an earlier attempt may have reached the destination is still known.
   *
   * @return how many
   */
  public int retry(Choice choice, Instant now) {
    return database.flushed(() -> again(choice, now, DEAD_OR_LATER, RETRY));
  }

  /**
   * Makes deliveries that are done or dead due now, with all the time of a new one, under the same
   * idempotency key: a destination that knows the key does nothing twice, any other does it again.
   *
   * @return how many
   */
  public int replay(Choice choice, Instant now) {
    return database.flushed(() -> again(choice, now, SETTLED, REPLAY));
  }

  /**
   * Nothing is attempted for the pair until it is resumed; what runs ends.
   *
   * @return whether there is such a pair
   */
  public boolean pause(Pair pair, String why) {
    String reason = why.isBlank() ? REASON : REASON + ": " + why.strip();
    return change(pair, status -> status.paused(reason));
  }

  /**
   * The pair goes on now, whatever it waited for.
   *
   * @return whether there is such a pair
   */
  public boolean resume(Pair pair, Instant now) {
    return change(pair, status -> status.resumed(now));
  }

  private boolean change(Pair pair, UnaryOperator<PairStatus> change) {
    return database.flushed(
        () ->
            database.inTransaction(
                connection -> {
                  if (!Pairs.readAll(connection).containsKey(pair)) {
                    return false;
                  }
                  Pairs.update(connection, pair, change.apply(Pairs.lock(connection, pair)));
                  return true;
                }));
  }

  private int again(Choice choice, Instant now, String select, String update) {
    int changed = 0;
    for (Pair pair : database.inTransaction(Pairs::readAll).keySet()) {
      if (choice.has(pair)) {
        long from = choice.from;
        List<Long> batch;
        do {
          long next = from;
          batch =
              database.inTransaction(
                  connection -> {
                    Pairs.lock(connection, pair);
                    List<Long> ids = ids(connection, select, pair, now, next, choice.to);
                    makeDue(connection, update, pair, ids, now);
                    return ids;
                  });
          changed += batch.size();
          from = batch.isEmpty() ? from : batch.get(batch.size() - 1) + 1;
        } while (batch.size() == BATCH);
      }
    }
    return changed;
  }

  private static List<Long> ids(
      Connection connection, String query, Pair pair, Instant now, long from, long to)
      throws SQLException {
    List<Object> values = new ArrayList<>(List.of(pair.connector(), pair.org()));
    if (query.equals(DEAD_OR_LATER)) {
      values.addAll(List.of(now.toEpochMilli(), Deliveries.BLOCKED));
    }
    values.addAll(List.of(from, to, BATCH));
    try (PreparedStatement select = connection.prepareStatement(query)) {
      bind(select, values.toArray());
      try (ResultSet rows = select.executeQuery()) {
        List<Long> ids = new ArrayList<>();
        while (rows.next()) {
          ids.add(rows.getLong(1));
        }
        return ids;
      }
    }
  }

  private static void makeDue(
      Connection connection, String statement, Pair pair, List<Long> ids, Instant now)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(statement)) {
      bind(update, now.toEpochMilli(), pair.connector());
      update.setArray(3, connection.createArrayOf("bigint", ids.toArray()));
      update.executeUpdate();
    }
  }
}
