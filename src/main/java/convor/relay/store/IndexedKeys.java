package convor.relay.store;

import java.nio.ByteBuffer;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Keys that are found by an index of the database, which holds them unique, too. */
final class IndexedKeys implements KnownKeys {
  private static final String KNOWN =
      """
      select key_hash from event where key_hash = any(?)
      union all select key_hash from pruned_key where key_hash = any(?)
      """;

  private static final String REMEMBER =
      "insert into pruned_key (key_hash, received_at) select key_hash, received_at from event where id = any(?)";

  private static final OldRows PRUNED = new OldRows("pruned_key", "received_at");

  private final Database database;

  IndexedKeys(Database database) {
    this.database = database;
  }

  @Override
  public Set<ByteBuffer> known(Connection connection, List<byte[]> hashes) throws SQLException {
    Set<ByteBuffer> known = new HashSet<>();
    try (PreparedStatement select = connection.prepareStatement(KNOWN)) {
      Array any = connection.createArrayOf("bytea", hashes.toArray(byte[][]::new));
      select.setArray(1, any);
      select.setArray(2, any);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          known.add(ByteBuffer.wrap(rows.getBytes(1)));
        }
      }
    }
    return known;
  }

  /** The row of the event holds its key. */
  @Override
  public void stored(Connection connection, Map<ByteBuffer, Instant> receivedAt) {}

  @Override
  public void pruned(Connection connection, List<Long> events) throws SQLException {
    Pruning.change(connection, REMEMBER, events);
  }

  @Override
  public void forget(Instant before, BooleanSupplier goOn) {
    PRUNED.forget(database, before, goOn);
  }
}
