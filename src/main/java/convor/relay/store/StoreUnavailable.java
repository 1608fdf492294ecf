package convor.relay.store;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The store cannot take or give anything now: the sender is told to come back. */
public final class StoreUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StoreUnavailable(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The database itself is well: it was this data that it could not take. */
  public boolean isAboutTheData() {
    return isAboutTheData(getCause());
  }

  /** SQLState class 22 is a data exception, 23 a constraint violation. */
  static boolean isAboutTheData(@Nullable Throwable cause) {
    return cause instanceof SQLException sql
        && sql.getSQLState() != null
        && (sql.getSQLState().startsWith("22") || sql.getSQLState().startsWith("23"));
  }
}
