package convor.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import convor.relay.testing.Destination;
import convor.relay.testing.Destination.Call;
import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process dies exactly where it matters. */
class NamedPointsIT {
  private static final Duration DELIVERED = Duration.ofMinutes(1);
  private static final String EVENT = Load.event("evt_1");

  @TempDir Path folder;
  private Destination destination;
  private RelayProcess relay;

  @BeforeEach
  void prepare() {
    destination = new Destination();
    relay = new RelayProcess(folder).set("relay.delivery.backoff", "200ms");
  }

  @AfterEach
  void close() {
    relay.close();
    destination.close();
  }

  @Test
  void after_the_commit_before_the_answer() throws IOException {
    String receive = RelayProcess.text(Path.of("routes/receive.camel.yaml"));
    String halting =
        receive.replaceFirst("( *)- to: inbox:append.*\n", "$0$1- process: {ref: halt}\n");
    assertThat(halting).isNotEqualTo(receive);
    relay.route("receive", halting).route("keyed", Routes.keyed(destination, "", ""));
    startAndHaltOnce();

    assertThatThrownBy(() -> relay.send(EVENT)).isInstanceOf(IOException.class);
    assertThat(relay.awaitEnd()).isEqualTo(HaltOnce.KILLED);

    relay.startWithTestClasses();
    assertThat(relay.send(EVENT).statusCode()).as("sent again").isEqualTo(200);
    awaitTheEffect();
    assertThat(destination.calls()).hasSizeBetween(1, 2);
    relay.terminate();
    assertThat(Stored.events(folder)).containsExactly("evt_1");
  }

  @Test
  void after_the_claim_before_the_attempt() throws IOException {
    relay.route("keyed", Routes.keyed(destination, Routes.HALT, ""));
    startAndHaltOnce();

    sendAlthoughItMayDie();
    assertThat(relay.awaitEnd()).isEqualTo(HaltOnce.KILLED);
    assertThat(destination.calls()).isEmpty();

    relay.startWithTestClasses();
    awaitTheEffect();
    assertThat(destination.calls()).hasSize(1).allMatch(Call::outcomeUnknown);
  }

  @Test
  void while_the_destination_works() {
    destination.behave(
        (exchange, call) -> {
          destination.work(call);
          if (destination.calls().size() == 1) {
            relay.kill();
          }
          return true;
        });
    relay.route("keyed", Routes.keyed(destination, "", "")).start();
    sendAlthoughItMayDie();
    relay.awaitEnd();

    relay.start();
    theSecondCallCarriesTheSameKeyAndSaysSo();
  }

  @Test
  void after_the_destinations_2xx_before_settling() throws IOException {
    relay.route("keyed", Routes.keyed(destination, "", Routes.HALT));
    startAndHaltOnce();

    sendAlthoughItMayDie();
    assertThat(relay.awaitEnd()).isEqualTo(HaltOnce.KILLED);
    assertThat(destination.effects()).hasSize(1);

    relay.startWithTestClasses();
    theSecondCallCarriesTheSameKeyAndSaysSo();
  }

  private void startAndHaltOnce() throws IOException {
    relay.route("halt", Routes.HALT_BEAN).startWithTestClasses();
    Files.createFile(folder.resolve("halt"));
  }

  /**
   * An event is delivered from its commit on: a process that dies while it delivers may die before
   * the answer is out. An answer that comes is a 202.
   */
  private void sendAlthoughItMayDie() {
    try {
      assertThat(relay.send(EVENT).statusCode()).isEqualTo(202);
    } catch (IOException diedBeforeTheAnswer) {
      assertThat(relay.awaitEnd()).as("it died: %s", diedBeforeTheAnswer).isNotZero();
    }
  }

  private void theSecondCallCarriesTheSameKeyAndSaysSo() {
    await().atMost(DELIVERED).until(() -> destination.calls().size() == 2);
    awaitTheEffect();
    List<Call> calls = destination.calls();
    assertThat(calls.get(0).outcomeUnknown()).isFalse();
    assertThat(calls.get(1).outcomeUnknown()).isTrue();
    assertThat(calls.get(1).attempt()).isEqualTo("2");
    assertThat(calls.get(1).key()).isEqualTo(calls.get(0).key());
    assertThat(destination.effects()).hasSize(1);
  }

  private void awaitTheEffect() {
    await().atMost(DELIVERED).until(() -> destination.effects().containsValue("evt_1"));
  }
}
