package convor.relay.crash;

import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What stands in the H2 file of a relay that does not run. The file itself is left as it is. */
final class Stored {
  /** A delivery as the ledger has it. */
  record Delivery(String connector, String event, String state, boolean outcomeUnknown) {
    /** Dead because an attempt may have had its effect: listed, not repeated, not lost. */
    boolean isLeftToAPerson() {
      return state.equals("dead") && outcomeUnknown;
    }
  }

  private Stored() {}

  /** The keys of the stored events; one that is stored twice is there twice. */
  static List<String> events(Path folder) {
    return query(folder, "select event_key from event", row -> row.getString(1));
  }

  static List<Delivery> deliveries(Path folder) {
    return query(
        folder,
        """
        select d.connector, e.event_key, d.state, d.outcome_unknown
        from delivery d join event e on e.id = d.event_id
        """,
        row ->
            new Delivery(row.getString(1), row.getString(2), row.getString(3), row.getBoolean(4)));
  }

  @FunctionalInterface
  private interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private static <T> List<T> query(Path folder, String sql, Reader<T> reader) {
    try {
      Path copy = Files.createTempDirectory("stored");
      Files.copy(folder.resolve("data/relay.mv.db"), copy.resolve("relay.mv.db"));
      List<T> rows = new ArrayList<>();
      try (Connection connection =
              DriverManager.getConnection("jdbc:h2:" + copy.resolve("relay"), "sa", "");
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        while (row.next()) {
          rows.add(reader.read(row));
        }
      }
      RelayProcess.delete(copy);
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
