package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/** The rejected log in SQL: the newest rejections of each organization. */
public final class RejectedLog {
  private static final String INSERT =
      """
      insert into rejected (org, source, at, reason, detail, remote, body_bytes)
      values (?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String TRIM =
      """
      delete from rejected where org = ? and id <=
        (select id from rejected where org = ? order by id desc offset ? rows fetch next 1 rows only)
      """;

  private final Database database;

  public RejectedLog(Database database) {
    this.database = database;
  }

  /** Adds them, and removes what is more than {@code kept} per organization. */
  public void add(List<Rejection> rejections, int kept) {
    database.inTransaction(
        connection -> {
          insert(connection, rejections);
          for (String org : rejections.stream().map(Rejection::org).distinct().toList()) {
            trim(connection, org, kept);
          }
          return true;
        });
  }

  private static void insert(Connection connection, List<Rejection> rejections)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      for (Rejection rejection : rejections) {
        bind(
            insert,
            rejection.org(),
            rejection.source(),
            rejection.at().toEpochMilli(),
            rejection.reason(),
            rejection.detail(),
            rejection.remote(),
            rejection.bodyBytes());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void trim(Connection connection, String org, int kept) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(TRIM)) {
      bind(delete, org, org, kept);
      delete.executeUpdate();
    }
  }
}
