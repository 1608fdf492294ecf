package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/**
 * The rows of a table that are forgotten when they are old, by its column of their age, which has
 * an index. A step is a span of time: to choose rows by their keys would read the table in each
 * step.
 */
final class OldRows {
  private static final int STEP = 200;

  private final String end;
  private final String delete;

  OldRows(String table, String age) {
    this.end =
        """
        select count(*), max(%1$s) from
          (select %1$s from %2$s where %1$s >= ? and %1$s < ? order by %1$s fetch first ? rows only) step
        """
            .formatted(age, table);
    this.delete = "delete from %2$s where %1$s between ? and ?".formatted(age, table);
  }

  /**
   * Removes those from before {@code before}.
   *
   * @param goOn is asked after each step
   */
  void forget(Database database, Instant before, BooleanSupplier goOn) {
    Step step = new Step(0, Long.MIN_VALUE);
    do {
      long from = step.end;
      step = database.inTransaction(connection -> forget(connection, from, before));
    } while (step.rows > 0 && goOn.getAsBoolean());
  }

  /** How many rows went, and the age of the youngest. */
  private record Step(int rows, long end) {}

  private Step forget(Connection connection, long from, Instant before) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(end);
        PreparedStatement change = connection.prepareStatement(delete)) {
      bind(select, from, before.toEpochMilli(), STEP);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        if (row.getInt(1) == 0) {
          return new Step(0, from);
        }
        long end = row.getLong(2);
        bind(change, from, end);
        return new Step(change.executeUpdate(), end);
      }
    }
  }
}
