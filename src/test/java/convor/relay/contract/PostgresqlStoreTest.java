package convor.relay.contract;

import convor.relay.testing.Postgresql;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The store's promises on the newest PostgreSQL that is supported. */
class PostgresqlStoreTest extends PostgresqlPromises {
  @BeforeAll
  static void start(@TempDir Path folder) {
    server = Postgresql.quick(Postgresql.Version.NEWEST, folder);
  }
}
