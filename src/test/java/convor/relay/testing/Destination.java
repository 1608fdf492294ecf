package convor.relay.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A system that the relay delivers to. One that knows idempotency keys has one effect per key,
 * however often it is called.
 */
public final class Destination implements AutoCloseable {
  /** A call as it arrived; {@code event} is the body. */
  public record Call(String key, String event, String attempt, boolean outcomeUnknown) {}

  /** What it does with a call; true for a 200, false for a 500; closes the exchange or not. */
  @FunctionalInterface
  public interface Behaviour {
    boolean answers(HttpExchange exchange, Call call) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final Map<String, String> effects = new ConcurrentHashMap<>();
  private volatile Behaviour behaviour =
      (exchange, call) -> {
        work(call);
        return true;
      };

  public Destination() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public void behave(Behaviour next) {
    behaviour = next;
  }

  /** {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Call call =
          new Call(
              exchange.getRequestHeaders().getFirst("Idempotency-Key"),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
              exchange.getRequestHeaders().getFirst("X-Attempt"),
              Boolean.parseBoolean(exchange.getRequestHeaders().getFirst("X-Outcome-Unknown")));
      calls.add(call);
      exchange.sendResponseHeaders(behaviour.answers(exchange, call) ? 200 : 500, -1);
    }
  }

  /** The effect, once per key: what was done before stays. */
  public void work(Call call) {
    effects.putIfAbsent(call.key, call.event);
  }

  public List<Call> calls() {
    return calls;
  }

  /** The events that had an effect, by idempotency key. */
  public Map<String, String> effects() {
    return effects;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
