package convor.relay.contract;

import convor.relay.store.StoreSettings;
import convor.relay.testing.Postgresql;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** Besides the promises of any store those that several nodes on one database need. */
abstract class PostgresqlPromises extends StorePromises {
  static Postgresql server;

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  StoreSettings empty(int appendQueue) {
    return new StoreSettings(server.emptyDatabase(), null, null, 10, appendQueue, 256);
  }

  @Nested
  class SeveralNodes extends NodesContract {
    SeveralNodes() {
      super(PostgresqlPromises.this::empty);
    }
  }
}
