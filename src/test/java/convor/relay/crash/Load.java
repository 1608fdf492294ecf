package convor.relay.crash;

import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Senders that behave as Convor does: an event that was not acknowledged is sent again until it is.
 */
public final class Load implements AutoCloseable {
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private final List<RelayProcess> relays;
  private final int limit;
  private final AtomicInteger next = new AtomicInteger();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final Map<Integer, AtomicInteger> answers = new ConcurrentHashMap<>();
  private final List<Thread> senders = new ArrayList<>();
  private volatile boolean stopping;

  /** Sends up to {@code limit} events with {@code threads} at once. */
  Load(RelayProcess relay, int threads, int limit) {
    this(List.of(relay), threads, limit);
  }

  /** The same through several nodes: what one did not acknowledge is sent to the next. */
  public Load(List<RelayProcess> relays, int threads, int limit) {
    this.relays = List.copyOf(relays);
    this.limit = limit;
    for (int i = 0; i < threads; i++) {
      int first = i;
      senders.add(new Thread(() -> send(first), "sender"));
    }
    senders.forEach(Thread::start);
  }

  public static String event(String id) {
    return "{\"id\":\"%s\",\"type\":\"conversation.closed\",\"text\":\"Ünïcode, \\\"quotes\\\"\"}"
        .formatted(id);
  }

  private void send(int first) {
    int node = first;
    for (int i = next.getAndIncrement(); i < limit && !stopping; i = next.getAndIncrement()) {
      String id = "evt_" + i;
      while (!acknowledges(relays.get(node % relays.size()), id)) {
        node++;
        LockSupport.parkNanos(PAUSE_NS);
      }
      acknowledged.add(id);
    }
  }

  private boolean acknowledges(RelayProcess relay, String id) {
    int status;
    try {
      HttpResponse<String> answer = relay.send(event(id));
      status = answer.statusCode();
    } catch (IOException e) {
      status = 0;
    }
    answers.computeIfAbsent(status, any -> new AtomicInteger()).incrementAndGet();
    return status == 202 || status == 200;
  }

  /** The ids of the events that were answered 2xx so far. */
  public Set<String> acknowledged() {
    return Set.copyOf(acknowledged);
  }

  /** How often each status was answered; 0 for no answer. */
  public Map<Integer, AtomicInteger> answers() {
    return answers;
  }

  /** Takes no new event; returns when all that were taken are acknowledged. */
  public void finish() {
    stopping = true;
    await();
  }

  /** Returns when all events are acknowledged. */
  public void await() {
    try {
      for (Thread sender : senders) {
        sender.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    stopping = true;
  }
}
