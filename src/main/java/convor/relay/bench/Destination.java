package convor.relay.bench;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Answers every delivery at once; counts them, and knows of the first connector's how long after
 * the acknowledgement they came.
 */
final class Destination {
  static final String KEY = "X-Key";
  private static final String FIRST = "/1";

  private final AtomicLong received = new AtomicLong();
  private final Map<String, Long> acknowledgedAt = new ConcurrentHashMap<>();
  private final int port;
  private volatile Latencies delays = new Latencies();

  Destination(Vertx vertx) {
    port =
        vertx
            .createHttpServer()
            .requestHandler(this::receive)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join()
            .actualPort();
  }

  /** Takes connections and never answers; returns its port. */
  static int dead(Vertx vertx) {
    return vertx
        .createNetServer()
        .connectHandler(socket -> socket.exceptionHandler(cut -> {}))
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .join()
        .actualPort();
  }

  private void receive(HttpServerRequest request) {
    long now = System.nanoTime();
    received.incrementAndGet();
    String key = request.getHeader(KEY);
    if (key != null && request.path().equals(FIRST)) {
      Long at = acknowledgedAt.putIfAbsent(key, now);
      if (at != null) {
        delays.add(now - at);
        acknowledgedAt.remove(key);
      }
    }
    request.response().end();
  }

  /** The sender has its answer; a delivery that came before that took no time. */
  void acknowledged(String key) {
    if (acknowledgedAt.putIfAbsent(key, System.nanoTime()) != null) {
      delays.add(0);
      acknowledgedAt.remove(key);
    }
  }

  /** Delays from here on. */
  Latencies measureDelays() {
    acknowledgedAt.clear();
    Latencies from = new Latencies();
    delays = from;
    return from;
  }

  long received() {
    return received.get();
  }

  int port() {
    return port;
  }
}
