package convor.relay.store;

import static convor.relay.store.Sql.bind;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** The newest version of each subject that a connector has written. */
public final class Versions {
  private static final String NEWEST =
      "select version from newest_version where connector = ? and org = ? and subject = ?";

  private static final String LOCK_NEWEST = NEWEST + " for update";

  private static final String UPDATE =
      "update newest_version set version = ?, written_at = ? where connector = ? and org = ? and subject = ?";

  private static final String INSERT =
      "insert into newest_version (version, written_at, connector, org, subject) values (?, ?, ?, ?, ?)";

  private Versions() {}

  static Optional<String> newest(Connection connection, Pair pair, String subject)
      throws SQLException {
    return find(connection, NEWEST, pair, subject);
  }

  private static Optional<String> find(
      Connection connection, String query, Pair pair, String subject) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(query)) {
      bind(select, pair.connector(), pair.org(), subject);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  /** Returns false if a newer one is remembered already. */
  static boolean remember(
      Connection connection, Pair pair, String subject, String version, Instant now)
      throws SQLException {
    Optional<String> newest = find(connection, LOCK_NEWEST, pair, subject);
    if (newest.isPresent() && isOlder(version, newest.get())) {
      return false;
    }
    try (PreparedStatement change =
        connection.prepareStatement(newest.isEmpty() ? INSERT : UPDATE)) {
      bind(change, version, now.toEpochMilli(), pair.connector(), pair.org(), subject);
      return change.executeUpdate() == 1;
    }
  }

  /** Whether two spellings of a time, or two texts, are the same version. */
  static boolean isSame(String version, String other) {
    return canonical(version).equals(canonical(other));
  }

  /** A time in one spelling, whatever its offset and digits; any other text as it is. */
  public static String canonical(String version) {
    try {
      return OffsetDateTime.parse(version).toInstant().toString();
    } catch (DateTimeParseException noTime) {
      return version;
    }
  }

  /**
   * Compares two points in time (ISO-8601 with an offset) or two numbers. What is neither is not
   * older: an event too many does less harm than one too few.
   */
  static boolean isOlder(String version, String than) {
    try {
      return OffsetDateTime.parse(version)
          .toInstant()
          .isBefore(OffsetDateTime.parse(than).toInstant());
    } catch (DateTimeParseException noTime) {
      try {
        return new BigDecimal(version).compareTo(new BigDecimal(than)) < 0;
      } catch (NumberFormatException noNumber) {
        return false;
      }
    }
  }
}
