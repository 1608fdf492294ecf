package convor.relay.contract;

import static convor.relay.contract.Store.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convor.relay.store.Receipt;
import convor.relay.store.StoreSettings;
import convor.relay.store.StoreUnavailable;
import convor.relay.testing.Certificate;
import convor.relay.testing.Postgresql;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL that is reached by TLS, and only if it is the one that is meant. */
class PostgresqlTlsTest {
  private static Postgresql server;
  private static Certificate own;
  private static Certificate foreign;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    own = Certificate.of("ip:127.0.0.1", Files.createDirectory(folder.resolve("own")));
    foreign = Certificate.of("ip:127.0.0.1", Files.createDirectory(folder.resolve("foreign")));
    server = Postgresql.withTls(folder, own.pem(), own.key());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static StoreSettings verified(String url, Certificate trusted) {
    String tls = "&sslmode=verify-full&sslrootcert=" + trusted.pem();
    return new StoreSettings(url + tls, null, "hidden", 4, 100, 10);
  }

  @Test
  void a_server_with_the_right_certificate_is_used_and_nothing_goes_over_the_wire_without_tls()
      throws Exception {
    StoreSettings settings = verified(server.emptyDatabase(), own);
    try (Store one = new Store(settings);
        Store other = new Store(settings)) {
      Set<String> heard = ConcurrentHashMap.newKeySet();
      try (AutoCloseable listening = other.database.onAppendedElsewhere(heard::addAll)) {
        Awaitility.await()
            .until(
                () -> {
                  one.append(event("k" + System.nanoTime()));
                  return heard.contains("acme");
                });
        assertThat(listening).isNotNull();
        assertThat(
                one.query(
                    """
                    select ssl, count(*) > 2 from pg_stat_ssl join pg_stat_activity using (pid)
                    where datname = current_database() group by ssl
                    """))
            .containsExactly(List.of(true, true));
      }
      assertThat(one.append(event("after"))).isEqualTo(Receipt.STORED);
    }
  }

  @Test
  void a_server_whose_certificate_another_authority_signed_is_refused() {
    assertRefused(
        verified(server.emptyDatabase(), foreign),
        "the server's certificate is not signed by one of sslrootcert");
  }

  @Test
  void a_server_whose_certificate_is_for_another_host_is_refused() {
    String url = server.emptyDatabase().replace("127.0.0.1", "localhost");
    assertRefused(verified(url, own), "The hostname localhost could not be verified");
  }

  private static void assertRefused(StoreSettings settings, String why) {
    assertThatThrownBy(() -> new Store(settings))
        .isInstanceOf(StoreUnavailable.class)
        .hasMessageStartingWith("relay.store.url: cannot open jdbc:postgresql://")
        .hasMessageContaining(why)
        .hasMessageNotContaining("hidden");
  }
}
