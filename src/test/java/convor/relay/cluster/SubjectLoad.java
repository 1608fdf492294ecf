package convor.relay.cluster;

import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Senders with a conversation each: one event after the other, through any node, and none before
 * the one before it is acknowledged.
 */
final class SubjectLoad implements AutoCloseable {
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private final List<RelayProcess> relays;
  private final Map<String, List<String>> bySubject = new TreeMap<>();
  private final List<Thread> senders;
  private volatile boolean stopping;

  SubjectLoad(List<RelayProcess> relays, int subjects) {
    this.relays = relays;
    IntStream.range(0, subjects)
        .forEach(i -> bySubject.put("c_" + i, new CopyOnWriteArrayList<>()));
    senders =
        bySubject.entrySet().stream()
            .map(one -> new Thread(() -> send(one.getKey(), one.getValue()), "sender"))
            .toList();
    senders.forEach(Thread::start);
  }

  private void send(String subject, List<String> acknowledged) {
    for (int i = 0; !stopping; i++) {
      String key = "evt_" + subject + "_" + i;
      String body =
          "{'id':'%s','type':'conversation.closed','data':{'conversation':{'id':'%s'}}}"
              .formatted(key, subject)
              .replace('\'', '"');
      for (int node = i; !acknowledges(relays.get(node % relays.size()), body); node++) {
        LockSupport.parkNanos(PAUSE_NS);
      }
      acknowledged.add(key);
    }
  }

  private static boolean acknowledges(RelayProcess relay, String body) {
    try {
      return relay.send(body).statusCode() == 202;
    } catch (IOException e) {
      return false;
    }
  }

  /** The acknowledged keys of each conversation, in the order in which they were sent. */
  Map<String, List<String>> bySubject() {
    return bySubject;
  }

  List<String> acknowledged() {
    return bySubject.values().stream().flatMap(List::stream).toList();
  }

  /** Takes no new event; returns when all that were taken are acknowledged. */
  void finish() throws InterruptedException {
    stopping = true;
    for (Thread sender : senders) {
      sender.join();
    }
  }

  @Override
  public void close() {
    stopping = true;
  }
}
