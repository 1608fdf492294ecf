package convor.relay.receive;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.receive.Rejections.Request;
import convor.relay.store.Database;
import convor.relay.store.RejectedLog;
import convor.relay.store.StoreSettings;
import convor.relay.verify.Schemes;
import convor.relay.verify.Source;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RejectionsTest {
  private static final WebhookLimits LIMITS =
      new WebhookLimits(1 << 20, 1 << 26, 1 << 23, 20, 60, 100, Duration.ofSeconds(5), 8);
  private static final Source CONVOR =
      new Source(
          "acme",
          "convor",
          Schemes.named("convor", Map.of()),
          List.of("s".repeat(30)),
          false,
          null);

  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

  private Rejections rejections(Database database) {
    return new Rejections(
        new RejectedLog(database),
        LIMITS,
        Map.of("acme", Map.of("convor", CONVOR)),
        metrics,
        () -> Instant.parse("2026-11-23T10:00:00Z"));
  }

  private static Database database(Path folder) {
    return Database.open(
        new StoreSettings("jdbc:h2:file:" + folder.resolve("x"), null, null, 2, 10, 10));
  }

  private static int rows(Database database, String where) {
    return database.inTransaction(
        connection -> {
          try (Statement statement = connection.createStatement();
              var rows = statement.executeQuery("select count(*) from rejected where " + where)) {
            rows.next();
            return rows.getInt(1);
          }
        });
  }

  @Test
  void a_flood_is_counted_whole_sampled_by_the_minute_and_capped(@TempDir Path folder) {
    try (Database database = database(folder)) {
      try (Rejections rejections = rejections(database)) {
        for (int i = 0; i < 10_000; i++) {
          rejections.rejected(new Request("acme", "convor", "1.2.3.4", 1), "bad-signature", "x");
        }
        rejections.rejected(new Request("nobody", "x", "1.2.3.4", 1), "unknown", "x");
      }
      assertThat(rows(database, "org = 'acme'")).isEqualTo(20);
      assertThat(rows(database, "org = '-'")).isEqualTo(1);
      assertThat(metrics.get("relay.rejected").tag("reason", "bad-signature").counter().count())
          .isEqualTo(10_000);
    }
  }

  @Test
  void a_strangers_words_make_no_metric_and_no_row_of_their_own(@TempDir Path folder) {
    try (Database database = database(folder)) {
      try (Rejections rejections = rejections(database)) {
        for (int i = 0; i < 1_000; i++) {
          rejections.rejected(new Request("org" + i, "convor", "1.2.3.4", 1), "unknown", "x");
          rejections.rejected(new Request("acme", "source" + i, "1.2.3.4", 1), "unknown", "x");
        }
      }
      assertThat(metrics.getMeters()).hasSizeLessThan(5);
      assertThat(rows(database, "org like 'org%' or source like 'source%'")).isZero();
    }
  }
}
