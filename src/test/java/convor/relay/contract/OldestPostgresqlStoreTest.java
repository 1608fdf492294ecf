package convor.relay.contract;

import convor.relay.store.StoreSettings;
import convor.relay.testing.Postgresql;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The store's promises on the oldest PostgreSQL that is supported. */
class OldestPostgresqlStoreTest extends StorePromises {
  private static Postgresql server;

  @BeforeAll
  static void start(@TempDir Path folder) {
    server = Postgresql.quick(Postgresql.Version.OLDEST, folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  StoreSettings empty(int appendQueue) {
    return new StoreSettings(server.emptyDatabase(), null, null, 10, appendQueue, 256);
  }
}
