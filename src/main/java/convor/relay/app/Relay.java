package convor.relay.app;

import convor.relay.operate.AdminServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.apache.camel.CamelContext;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A relay that {@link Wiring} has put together. */
public final class Relay implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Relay.class);

  private final Main camel;
  private final Settings settings;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable AdminServer admin;
  private IntSupplier webhookPort = () -> 0;

  Relay(Main camel, Settings settings) {
    this.camel = camel;
    this.settings = settings;
    camel.addMainListener(
        new MainListenerSupport() {
          @Override
          public void afterStop(BaseMainSupport main) {
            closeParts();
          }
        });
  }

  /** What is closed after Camel has stopped, the last one first. */
  <T extends AutoCloseable> T closing(T part) {
    parts.push(part);
    return part;
  }

  void servers(AdminServer adminServer, IntSupplier actualWebhookPort) {
    admin = closing(adminServer);
    webhookPort = actualWebhookPort;
  }

  /**
   * Starts and returns; for {@link #close()}.
   *
   * @throws IllegalStateException if a port cannot be had, with a message for the operator
   */
  public Relay start() {
    try {
      ports();
      camel.start();
      return this;
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  /**
   * Runs until the process is told to stop; returns its exit code.
   *
   * @throws IllegalStateException if a port cannot be had, with a message for the operator
   */
  public int run() throws Exception {
    // Camel's own hook waits for Camel; what is closed after it, the store the last, takes its
    // time.
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(this::awaitClosed, "closing"));
      ports();
      camel.run();
      closeParts(); // told to stop before it was started, Camel has no stop to tell of
      return camel.getExitCode();
    } catch (Exception e) {
      abandon();
      throw e;
    }
  }

  /**
   * After a start that failed: Camel does not count as running, its shutdown hook must not wait.
   */
  void abandon() {
    camel.completed();
    close();
  }

  public CamelContext camelContext() {
    return camel.getCamelContext();
  }

  /** The port of the webhooks, once it is started. */
  public int webhookPort() {
    return webhookPort.getAsInt();
  }

  /** The admin port, once it is started. */
  public int adminPort() {
    return Objects.requireNonNull(admin).port();
  }

  /** Camel only warns when it cannot have its port, and would go on without webhooks. */
  private void ports() {
    String host = settings.properties().getOrDefault("camel.server.host", "0.0.0.0");
    int port = Integer.parseInt(settings.properties().getOrDefault("camel.server.port", "8080"));
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress(host, port));
    } catch (IOException | IllegalArgumentException e) {
      String why = e instanceof BindException ? "is in use" : "cannot be had: " + e.getMessage();
      throw new IllegalStateException(
          "camel.server.port: %s:%d %s; choose another, or end what has it"
              .formatted(host, port, why),
          e);
    }
    Objects.requireNonNull(admin).start();
  }

  @Override
  public void close() {
    camel.stop();
    closeParts();
  }

  private void awaitClosed() {
    try {
      long most = settings.delivery().drainTimeout().plusSeconds(20).toSeconds();
      if (!closed.await(most, TimeUnit.SECONDS)) {
        log.warn("the relay was not closed within {} s", most);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void closeParts() {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        log.warn("{} was not closed: {}", part, e.getMessage());
      }
    }
    closed.countDown();
  }
}
