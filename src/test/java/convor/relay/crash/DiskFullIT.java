package convor.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Destination;
import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk takes no more: simulated by a limit on the size of the process's files. */
class DiskFullIT {
  private static final String BLOCKS_OF_1024_BYTES = "1500";
  private static final Duration SOON = Duration.ofMinutes(1);

  @TempDir Path folder;

  @Test
  void it_says_503_while_the_disk_is_full_and_heals_without_a_restart() throws Exception {
    assumeThat(Files.isExecutable(Path.of("/usr/bin/prlimit"))).isTrue();
    try (Destination destination = new Destination();
        RelayProcess relay = new RelayProcess(folder)) {
      relay.route("keyed", Routes.keyed(destination, "", ""));
      relay
          .launchedBy("bash", "-c", "ulimit -S -f " + BLOCKS_OF_1024_BYTES + "; exec \"$@\"", "-")
          .start();
      try (Load load = new Load(relay, 8, Integer.MAX_VALUE)) {
        await().atMost(SOON).until(() -> load.answers().containsKey(503));
        await().atMost(SOON).until(() -> relay.health() == 503);
        HttpResponse<String> refused = relay.send(Load.event("evt_while_full"));
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");
        Set<String> before = load.acknowledged();
        assertThat(before).isNotEmpty();

        giveSpaceBack(relay);
        await().atMost(SOON).until(() -> relay.health() == 200);
        await().atMost(SOON).until(() -> load.acknowledged().size() > before.size() + 100);
        load.finish();
        Set<String> sent = load.acknowledged();
        // A claim that the full disk kept from starting is taken up when its lease of 90 s has
        // ended.
        await()
            .atMost(Duration.ofMinutes(4))
            .until(() -> Set.copyOf(destination.effects().values()).containsAll(sent));
        assertThat(relay.terminate()).isIn(0, 143);
        assertThat(Stored.events(folder)).doesNotHaveDuplicates().containsAll(sent);
        assertThat(destination.effects().values()).doesNotHaveDuplicates();
        System.out.printf(
            "disk full: %d acknowledged before, %d in the end, answers %s%n",
            before.size(), sent.size(), load.answers());
      }
    }
  }

  private static void giveSpaceBack(RelayProcess relay) throws IOException, InterruptedException {
    String pid = String.valueOf(relay.pid());
    assertThat(new ProcessBuilder("prlimit", "--pid", pid, "--fsize=unlimited").start().waitFor())
        .isZero();
  }
}
