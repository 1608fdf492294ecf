package convor.relay.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real Kafka, broker and controller in one process, from target/kafka. A topic that is asked for
 * is made, with {@link #PARTITIONS}.
 */
public final class KafkaBroker implements AutoCloseable {
  public static final int PARTITIONS = 4;
  public static final String USER = "relay";
  public static final String PASSWORD = "of-the-relay";

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Path folder;
  private final int port = TestRelay.freePort();
  private final int securePort = TestRelay.freePort();
  private final Path output;
  private Process process;

  /**
   * Starts one in an empty folder.
   *
   * @param certificate by which it proves who it is, at {@link #secureAddress}
   */
  public KafkaBroker(Path folder, Certificate certificate) {
    this.folder = folder;
    this.output = folder.resolve("output");
    try {
      Path pem = folder.resolve("server.pem");
      Files.writeString(pem, Files.readString(certificate.key()));
      Files.writeString(pem, Files.readString(pem) + Files.readString(certificate.pem()));
      Files.writeString(folder.resolve("server.properties"), properties(pem));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Process format =
        java(
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            "AAAAAAAAAAAAAAAAAAAAAQ",
            "-c");
    awaitEnd(format);
    assertThat(format.exitValue()).as(RelayProcess.text(output)).isZero();
    start();
  }

  private String properties(Path pem) {
    int controllerPort = TestRelay.freePort();
    return """
        process.roles=broker,controller
        node.id=1
        log.dirs=%1$s/log
        controller.quorum.bootstrap.servers=127.0.0.1:%2$d
        controller.listener.names=CONTROLLER
        listeners=PLAINTEXT://127.0.0.1:%3$d,SASL_SSL://127.0.0.1:%4$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=PLAINTEXT://127.0.0.1:%3$d,SASL_SSL://127.0.0.1:%4$d
        inter.broker.listener.name=PLAINTEXT
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
        sasl.enabled.mechanisms=PLAIN
        listener.name.sasl_ssl.plain.sasl.jaas.config=\
        org.apache.kafka.common.security.plain.PlainLoginModule required user_%5$s="%6$s";
        ssl.keystore.type=PEM
        ssl.keystore.location=%7$s
        num.partitions=%8$d
        offsets.topic.num.partitions=1
        offsets.topic.replication.factor=1
        message.max.bytes=2097152
        """
        .formatted(folder, controllerPort, port, securePort, USER, PASSWORD, pem, PARTITIONS);
  }

  /** Starts it, again after {@link #kill}, with what it had; returns when it is ready. */
  public void start() {
    process = java("kafka.Kafka");
    await()
        .atMost(PATIENCE)
        .until(() -> !process.isAlive() || RelayProcess.text(output).contains("Server started"));
    assertThat(process.isAlive()).as(() -> RelayProcess.text(output)).isTrue();
  }

  private Process java(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-Dorg.apache.logging.log4j.level=INFO", "-cp", "target/kafka/*"));
    command.addAll(List.of(arguments));
    command.add(folder.resolve("server.properties").toString());
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(output.toFile())
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@code kill -9}; returns when it is gone. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd(process);
  }

  private static void awaitEnd(Process process) {
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where it takes connections of anybody. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** Where it takes connections with TLS, of {@link #USER}. */
  public String secureAddress() {
    return "127.0.0.1:" + securePort;
  }

  @Override
  public void close() {
    kill();
  }
}
