package convor.relay.bench;

import convor.relay.verify.Scheme;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Sends signed events to a server, each with a key of its own. */
final class Load implements AutoCloseable {
  private static final int ACCEPTED = 202;

  /**
   * What was seen of the events that were sent while it was measured.
   *
   * @param latencies of those accepted
   * @param failed answered otherwise, or not at all
   */
  record Seen(Latencies latencies, AtomicLong failed, double seconds) {}

  private final Scheme scheme = Schemes.named("convor", Map.of());
  private final NetClient client;
  private final int port;
  private final int size;
  private final InstantSource clock;
  private final Consumer<String> onAccepted;
  private final ConcurrentLinkedQueue<Sender> idle = new ConcurrentLinkedQueue<>();
  private final String run = "evt_" + UUID.randomUUID() + "_"; // several may share one store
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong open = new AtomicLong();

  /**
   * @param onAccepted is told the key of each event that was accepted
   */
  Load(Vertx vertx, int port, int size, InstantSource clock, Consumer<String> onAccepted) {
    this.client = vertx.createNetClient();
    this.port = port;
    this.size = size;
    this.clock = clock;
    this.onAccepted = onAccepted;
  }

  /** Each of {@code connections} sends its next event when the one before is answered. */
  Seen closedLoop(int connections, Duration time) {
    Seen seen = new Seen(new Latencies(), new AtomicLong(), seconds(time));
    long until = System.nanoTime() + time.toNanos();
    for (int i = 0; i < connections; i++) {
      next(seen, until);
    }
    awaitAnswers();
    return seen;
  }

  private void next(Seen seen, long until) {
    long now = System.nanoTime();
    if (now - until < 0) {
      send(seen, now, () -> next(seen, until));
    }
  }

  /**
   * {@code rate} events a second whether or not those before are answered; a latency counts from
   * the time at which its event should have been sent, so that a stall counts for all it holds up.
   */
  Seen openLoop(int rate, Duration time) {
    Seen seen = new Seen(new Latencies(), new AtomicLong(), seconds(time));
    long from = System.nanoTime();
    long all = Math.round(rate * seconds(time));
    for (long i = 0; i < all; i++) {
      long due = from + Math.round(i * 1e9 / rate);
      for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
        LockSupport.parkNanos(wait);
      }
      send(seen, due, () -> {});
    }
    awaitAnswers();
    return seen;
  }

  private void send(Seen seen, long from, Runnable then) {
    String key = run + sent.incrementAndGet();
    Buffer request = request(Body.of(key, size));
    open.incrementAndGet();
    Consumer<Integer> answered =
        status -> {
          if (status == ACCEPTED) {
            seen.latencies.add(System.nanoTime() - from);
            accepted.incrementAndGet();
            onAccepted.accept(key);
          } else {
            seen.failed.incrementAndGet();
          }
          then.run();
          open.decrementAndGet();
        };
    Sender free = idle.poll();
    while (free != null && free.isClosed()) {
      free = idle.poll();
    }
    if (free != null) {
      free.send(request, answered);
      return;
    }
    client
        .connect(port, "127.0.0.1")
        .onSuccess(socket -> new Sender(socket, idle::add).send(request, answered))
        .onFailure(failure -> answered.accept(0));
  }

  private Buffer request(byte[] body) {
    StringBuilder head =
        new StringBuilder("POST /webhooks/" + Child.ORG + " HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    Signer.sign(scheme, Child.SECRET, "", body, clock.instant(), "POST", "")
        .forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    return Buffer.buffer(head.toString()).appendBytes(body);
  }

  private void awaitAnswers() {
    while (open.get() > 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  /** Events sent so far. */
  long sent() {
    return sent.get();
  }

  /** Of those, the ones that will be delivered. */
  long accepted() {
    return accepted.get();
  }

  @Override
  public void close() {
    client.close().toCompletionStage().toCompletableFuture().join();
  }
}
