package convor.relay.sandbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import convor.relay.verify.Scheme;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Sends signed events to the relay's {@code /webhooks/<org>} as Convor would: again, signed anew,
 * after each answer that is not a 2xx, until its pauses are used up. On demand, and by a timer. It
 * can lose webhooks; what they tell of is in the organization's {@link #account} all the same.
 */
public final class PretendConvor implements AutoCloseable {
  public static final List<Duration> PAUSES =
      List.of(
          Duration.ofSeconds(1),
          Duration.ofSeconds(5),
          Duration.ofSeconds(15),
          Duration.ofSeconds(60));
  public static final double MAX_PER_SECOND = 200;
  private static final int SENT_KEPT = 200;
  private static final int IN_FLIGHT = 1_000;

  private final Scheme scheme = Schemes.named("convor", Map.of());
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "pretend-convor");
            thread.setDaemon(true);
            return thread;
          });
  private final URI webhooks;
  private final Map<String, String> secrets;
  private final List<Duration> pauses;
  private final InstantSource clock = InstantSource.system();
  private final Random random = new Random();
  private final ConvorEvents events = new ConvorEvents(clock, random);
  private final Map<Long, Sent> sent = Json.bounded(SENT_KEPT);
  private final AtomicLong numbers = new AtomicLong();
  private final AtomicInteger inFlight = new AtomicInteger();
  private double perSecond;
  private int loseEvery;
  private long sinceSet;
  private long lost;
  private @Nullable ScheduledFuture<?> ticks;

  /**
   * @param webhooks the relay's address with {@code /webhooks/} at its end
   * @param secrets by organization; their names are the organizations that this Convor knows
   * @param pauses before each new attempt; {@link #PAUSES} unless a test is in a hurry
   */
  public PretendConvor(URI webhooks, Map<String, String> secrets, List<Duration> pauses) {
    this.webhooks = webhooks;
    this.secrets = Map.copyOf(secrets);
    this.pauses = List.copyOf(pauses);
  }

  public List<String> organizations() {
    return secrets.keySet().stream().sorted().toList();
  }

  /**
   * A new event of the type, to be sent.
   *
   * @throws IllegalArgumentException if the organization or the type is unknown
   */
  public ObjectNode event(String org, String type) {
    known(org);
    return events.next(org, type);
  }

  /**
   * What the organization's API shows: what its events told of.
   *
   * @throws IllegalArgumentException if the organization is unknown
   */
  public ConvorAccount account(String org) {
    known(org);
    return events.account(org);
  }

  private void known(String org) {
    if (!secrets.containsKey(org)) {
      throw new IllegalArgumentException("org is one of " + String.join(", ", organizations()));
    }
  }

  /** Sends a new event of the type, as {@link #send(String, ObjectNode)}. */
  public CompletableFuture<Sent> send(String org, String type) {
    return send(org, event(org, type));
  }

  /**
   * Sends this event; an event that was sent before is a duplicate to the relay.
   *
   * @return completes with the last attempt, never exceptionally
   */
  public CompletableFuture<Sent> send(String org, ObjectNode event) {
    Sent first = Sent.first(numbers.incrementAndGet(), org, event, clock.instant());
    if (loses()) {
      keep(first.lost());
      return CompletableFuture.completedFuture(first.lost());
    }
    keep(first);
    inFlight.incrementAndGet();
    return attempt(first, Json.bytes(event))
        .whenComplete((last, never) -> inFlight.decrementAndGet());
  }

  /**
   * Sends random events at this rate from now on; 0 stops, more than {@link #MAX_PER_SECOND} is
   * that.
   */
  public synchronized void every(double eventsPerSecond) {
    if (ticks != null) {
      ticks.cancel(false);
    }
    perSecond = Math.max(0, Math.min(MAX_PER_SECOND, eventsPerSecond));
    long period = perSecond == 0 ? 0 : (long) Math.min(1e12, 1e9 / perSecond);
    ticks =
        period == 0 ? null : timer.scheduleAtFixedRate(this::tick, 0, period, TimeUnit.NANOSECONDS);
  }

  public synchronized double perSecond() {
    return perSecond;
  }

  /**
   * Loses every n-th webhook from now on: the event happens, and is not sent, and not again. 0
   * loses none.
   */
  public synchronized void loseEvery(int n) {
    if (n < 0) {
      throw new IllegalArgumentException("everyNth is 0, for none, or more");
    }
    loseEvery = n;
    sinceSet = 0;
  }

  public synchronized int loseEvery() {
    return loseEvery;
  }

  /** How many webhooks were ever lost. */
  public synchronized long lost() {
    return lost;
  }

  private synchronized boolean loses() {
    boolean loses = loseEvery > 0 && ++sinceSet % loseEvery == 0;
    lost += loses ? 1 : 0;
    return loses;
  }

  /** The latest 200 events, newest last. */
  public List<Sent> sent() {
    synchronized (sent) {
      return List.copyOf(sent.values());
    }
  }

  /** How many events were ever sent or lost; {@link #sent()} has the latest of them. */
  public long total() {
    return numbers.get();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  /** A relay that does not keep up is not buried: beyond the bound, ticks pass without an event. */
  private void tick() {
    if (inFlight.get() < IN_FLIGHT) {
      String org = organizations().get(random.nextInt(secrets.size()));
      var unused = send(org, ConvorEvents.TYPES.get(random.nextInt(ConvorEvents.TYPES.size())));
    }
  }

  private CompletableFuture<Sent> attempt(Sent before, byte[] body) {
    boolean last = timer.isShutdown() || before.attempts() >= pauses.size();
    return http.sendAsync(request(before, body), BodyHandlers.ofString())
        .handle((response, failure) -> after(before, response, failure, last))
        .thenCompose(
            after -> {
              keep(after);
              if (last || after.state().equals("accepted")) {
                return CompletableFuture.completedFuture(after);
              }
              long pause = pauses.get(before.attempts()).toMillis();
              Executor later = CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS);
              return CompletableFuture.supplyAsync(() -> after, later)
                  .thenCompose(again -> attempt(again, body));
            });
  }

  private static Sent after(
      Sent before,
      @Nullable HttpResponse<String> response,
      @Nullable Throwable failure,
      boolean last) {
    return response == null
        ? before.answered(0, String.valueOf(failure), last)
        : before.answered(response.statusCode(), response.body(), last);
  }

  private HttpRequest request(Sent event, byte[] body) {
    URI uri = webhooks.resolve(event.org());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .header("User-Agent", "Convor-Webhooks/1.0 (sandbox)")
            .POST(BodyPublishers.ofByteArray(body));
    String secret = secrets.getOrDefault(event.org(), "");
    Signer.sign(scheme, secret, event.id(), body, clock.instant(), "POST", uri.toString())
        .forEach(request::header);
    return request.build();
  }

  private void keep(Sent one) {
    synchronized (sent) {
      sent.put(one.number(), one);
    }
  }
}
