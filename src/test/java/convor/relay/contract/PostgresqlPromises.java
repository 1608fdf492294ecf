package convor.relay.contract;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Pruning;
import convor.relay.store.StoreSettings;
import convor.relay.testing.Postgresql;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

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

  @Test
  void keys_are_forgotten_in_steps() {
    try (Store store = new Store(empty(10_000))) {
      store.query(
          "insert into pruned_key select int4send(n)::bytea, n from generate_series(1, 1000) n returning 1");
      List<Long> left = new ArrayList<>();
      new Pruning(store.database)
          .forgetKeys(Instant.ofEpochMilli(901), () -> left.add(store.count("pruned_key")));
      assertThat(left).startsWith(800L, 600L).endsWith(100L);
    }
  }

  @Nested
  class SeveralNodes extends NodesContract {
    SeveralNodes() {
      super(PostgresqlPromises.this::empty);
    }
  }
}
