package convor.relay.store;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which versions of which things the events of an organization tell of. */
final class Coverage {
  private static final String KNOWN =
      "select version_hash from covered where version_hash = any(?)";

  private static final String INSERT =
      "insert into covered (version_hash, covered_at) values (?, ?)";

  private Coverage() {}

  /** Of these hashes, those that are covered. */
  static Set<ByteBuffer> known(Connection connection, Collection<byte[]> hashes)
      throws SQLException {
    Set<ByteBuffer> known = new HashSet<>();
    try (PreparedStatement select = connection.prepareStatement(KNOWN)) {
      select.setArray(1, connection.createArrayOf("bytea", hashes.toArray(byte[][]::new)));
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          known.add(ByteBuffer.wrap(rows.getBytes(1)));
        }
      }
    }
    return known;
  }

  /** Adds those that are not there. */
  static void add(Connection connection, Collection<byte[]> hashes, Instant now)
      throws SQLException {
    Set<ByteBuffer> known = known(connection, hashes);
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      boolean any = false;
      for (byte[] hash : hashes) {
        if (known.add(ByteBuffer.wrap(hash))) {
          insert.setBytes(1, hash);
          insert.setLong(2, now.toEpochMilli());
          insert.addBatch();
          any = true;
        }
      }
      if (any) {
        insert.executeBatch();
      }
    }
  }

  static List<byte[]> hashes(String org, Collection<String> versions) {
    return versions.stream().distinct().map(version -> Event.hash(org, version)).toList();
  }
}
