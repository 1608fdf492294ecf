package convor.relay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import convor.relay.crash.Load;
import convor.relay.crash.Routes;
import convor.relay.testing.Destination;
import convor.relay.testing.Postgresql;
import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk with the relay's tables takes no more: a small file system, as root may mount one. */
class DatabaseDiskFullIT {
  private static final Duration SOON = Duration.ofMinutes(1);

  private static final long ROOM = 400_000_000;
  private static final long LITTLE = 500_000;

  @TempDir Path folder;
  private Path disk;

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    assumeThat(run("mount", "-t", "tmpfs", "-o", "mode=0700," + size(ROOM), "tmpfs", "" + disk))
        .isZero();
  }

  @AfterEach
  void unmount() throws Exception {
    assertThat(run("umount", "" + disk)).isZero();
  }

  private static String size(long bytes) {
    return "size=" + bytes;
  }

  private void resize(long bytes) throws IOException, InterruptedException {
    assertThat(run("mount", "-o", "remount," + size(bytes), "" + disk)).isZero();
  }

  private long used() throws IOException {
    FileStore store = Files.getFileStore(disk);
    return store.getTotalSpace() - store.getUnallocatedSpace();
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  @Test
  void it_says_503_while_the_databases_disk_is_full_and_heals_when_there_is_room()
      throws Exception {
    try (Destination destination = new Destination();
        Postgresql server =
            Postgresql.durable(Files.createDirectory(folder.resolve("postgresql")));
        RelayProcess relay = new RelayProcess(Files.createDirectory(folder.resolve("node")))) {
      Postgresql.execute(server.url(), "create tablespace small location '" + disk + "'");
      String url = server.emptyDatabase("tablespace small");
      relay.route("crm", Routes.keyed("crm", destination)).set("relay.store.url", url);
      relay.set("relay.delivery.lease", "6s").start();
      resize(used() + LITTLE);
      try (Load load = new Load(List.of(relay), 12, Integer.MAX_VALUE)) {
        await().atMost(SOON).until(() -> load.answers().containsKey(503));
        HttpResponse<String> refused = relay.send(Load.event("evt_while_full"));
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");
        Set<String> before = load.acknowledged();
        assertThat(before).isNotEmpty();

        resize(ROOM);
        await().atMost(SOON).until(() -> load.acknowledged().size() > before.size() + 300);
        load.finish();
        Set<String> sent = load.acknowledged();
        assertThat(Postgresql.column(url, "select event_key from event"))
            .doesNotHaveDuplicates()
            .containsAll(sent);
        await()
            .atMost(SOON.multipliedBy(2))
            .until(() -> Set.copyOf(destination.effects().values()).containsAll(sent));
        assertThat(destination.effects().values()).doesNotHaveDuplicates();
        System.out.printf(
            "the database's disk full: %d acknowledged before, %d in the end, answers %s%n",
            before.size(), sent.size(), load.answers());
      }
      assertThat(relay.terminate()).isIn(0, 143);
      assertThat(relay.output()).contains("No space left on device");
    }
  }
}
