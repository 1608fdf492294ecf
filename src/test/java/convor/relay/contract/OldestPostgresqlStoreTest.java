package convor.relay.contract;

import convor.relay.testing.Postgresql;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The store's promises on the oldest PostgreSQL that is supported. */
class OldestPostgresqlStoreTest extends PostgresqlPromises {
  @BeforeAll
  static void start(@TempDir Path folder) {
    server = Postgresql.quick(Postgresql.Version.OLDEST, folder);
  }
}
