package convor.relay.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A query whose conditions depend on what is asked: constant texts, bound values. */
final class Where {
  private final StringBuilder sql;
  private final List<Object> values = new ArrayList<>();

  Where(String select) {
    sql = new StringBuilder(select.stripTrailing()).append("\nwhere true");
  }

  /** Adds a condition with its values. */
  Where and(String condition, Object... conditionValues) {
    sql.append("\nand ").append(condition);
    Collections.addAll(values, conditionValues);
    return this;
  }

  /** Adds a condition with one value, if there is the value. */
  Where andIf(String condition, @Nullable Object value) {
    return value == null ? this : and(condition, value);
  }

  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** The rows, at most {@code limit}. */
  <T> List<T> list(Connection connection, String order, int limit, Reader<T> reader)
      throws SQLException {
    String query = sql + "\norder by " + order + "\nlimit " + limit;
    try (PreparedStatement select = connection.prepareStatement(query)) {
      Sql.bind(select, values.toArray());
      try (ResultSet rows = select.executeQuery()) {
        List<T> list = new ArrayList<>();
        while (rows.next()) {
          list.add(reader.read(rows));
        }
        return list;
      }
    }
  }
}
