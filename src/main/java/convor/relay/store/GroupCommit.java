package convor.relay.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends events to the log: concurrent appends share one transaction and one flush. One thread
 * writes; while it flushes one batch the next one gathers in a bounded queue. Another one tells
 * those who wait for a batch, so that what they do then does not hold up the next.
 */
public final class GroupCommit implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);

  private static final long CLOSE_CHECK_MS = 200;
  private static final long LONGEST_TELLING_SECONDS = 5;

  /** Telling threads: more than one only while those who are told make theirs wait. */
  private static final int TELLING = 256;

  /** Hears for which organizations there may be something to do. */
  @FunctionalInterface
  public interface Listener {
    /** Events were appended. */
    void appended(Set<String> orgs);

    /** A person has changed deliveries, or whether they may run. */
    default void changed(Set<String> orgs) {
      appended(orgs);
    }
  }

  private record Waiting(Event event, CompletableFuture<Receipt> receipt) {}

  private final Database database;
  private final int batchSize;
  private final BlockingQueue<Waiting> queue;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Thread writer = new Thread(this::writeUntilClosed, "append");
  private final ThreadPoolExecutor telling =
      new ThreadPoolExecutor(
          1,
          TELLING,
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> new Thread(task, "appended"),
          new ThreadPoolExecutor.CallerRunsPolicy());
  private volatile boolean closed;

  public GroupCommit(Database database, StoreSettings settings) {
    this.database = database;
    this.batchSize = settings.appendBatch();
    this.queue = new ArrayBlockingQueue<>(settings.appendQueue());
    writer.start();
  }

  /**
   * Stores an event once.
   *
   * @return completes, on a thread that may wait but better does not, when the event's transaction
   *     is committed and on disk, or with {@link StoreUnavailable}: then the event may or may not
   *     be stored, and sending it again is safe
   */
  public CompletableFuture<Receipt> append(Event event) {
    Waiting waiting = new Waiting(event, new CompletableFuture<>());
    if (closed) {
      waiting.receipt.completeExceptionally(new StoreUnavailable("the relay is stopping", null));
    } else if (!queue.offer(waiting)) {
      waiting.receipt.completeExceptionally(
          new StoreUnavailable("the append queue is full (relay.append.queue)", null));
    }
    return waiting.receipt;
  }

  /**
   * Stores events together and in their order: in one transaction, on the caller's thread.
   *
   * @return a receipt for each, when the transaction is committed and on disk
   * @throws StoreUnavailable if it is not known to be: then all may be stored, or none
   */
  public List<Receipt> append(List<Event> events) {
    if (events.isEmpty()) {
      return List.of();
    }
    List<Receipt> receipts = commit(events);
    wake(orgs(events));
    return receipts;
  }

  /**
   * {@code listener} is told after each commit, on the writer's thread, which organizations have
   * new events.
   */
  public void onAppended(Listener listener) {
    listeners.add(listener);
  }

  public void offAppended(Listener listener) {
    listeners.remove(listener);
  }

  /**
   * Tells the listeners that there is something to do for these organizations, as an append does.
   */
  public void wake(Set<String> orgs) {
    listeners.forEach(listener -> listener.appended(orgs));
  }

  /** Tells the listeners that a person has changed something of these organizations. */
  public void changed(Set<String> orgs) {
    listeners.forEach(listener -> listener.changed(orgs));
  }

  /** How many events wait for a commit, and how many may. */
  public int queued() {
    return queue.size();
  }

  public int capacity() {
    return queue.size() + queue.remainingCapacity();
  }

  private void writeUntilClosed() {
    List<Waiting> batch = new ArrayList<>(batchSize);
    while (!closed || !queue.isEmpty()) {
      try {
        Waiting first = queue.poll(CLOSE_CHECK_MS, TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          queue.drainTo(batch, batchSize - 1);
          write(batch);
        }
      } catch (InterruptedException e) {
        closed = true; // nobody interrupts this thread but a JVM that goes down
      } finally {
        batch.clear();
      }
    }
  }

  private void write(List<Waiting> batch) {
    List<Event> events = batch.stream().map(Waiting::event).toList();
    List<Receipt> receipts;
    try {
      receipts = commit(events);
    } catch (StoreUnavailable e) {
      if (batch.size() > 1 && e.isAboutTheData()) {
        batch.forEach(one -> write(List.of(one))); // one bad event does not fail its neighbours
      } else {
        log.error("{} appended events were not stored: {}", batch.size(), e.getMessage());
        fail(batch, e);
      }
      return;
    } catch (RuntimeException | Error e) {
      log.error("{} appended events were not stored", batch.size(), e);
      fail(batch, new StoreUnavailable("the store failed", e));
      return;
    }
    List<Waiting> stored = List.copyOf(batch);
    telling.execute(
        () -> {
          for (int i = 0; i < stored.size(); i++) {
            stored.get(i).receipt.complete(receipts.get(i));
          }
        });
    try {
      wake(orgs(events));
    } catch (RuntimeException e) { // the writer's end would be the end of receiving
      log.error("a listener failed; what was appended is found at the next look", e);
    }
  }

  private void fail(List<Waiting> batch, StoreUnavailable failure) {
    List<Waiting> failed = List.copyOf(batch);
    telling.execute(() -> failed.forEach(one -> one.receipt.completeExceptionally(failure)));
  }

  private static Set<String> orgs(List<Event> events) {
    return events.stream().map(Event::org).collect(Collectors.toSet());
  }

  private List<Receipt> commit(List<Event> events) {
    return database.flushed(
        () ->
            database.appending(
                orgs(events), connection -> EventLog.append(connection, events, database.keys())));
  }

  /** Takes no more, and returns when all that was queued is stored, and its senders told of it. */
  @Override
  public void close() {
    closed = true;
    try {
      writer.join();
      telling.shutdown();
      if (!telling.awaitTermination(LONGEST_TELLING_SECONDS, TimeUnit.SECONDS)) {
        log.warn("not all were told that their events are stored");
      }
    } catch (InterruptedException e) {
      telling.shutdown();
      Thread.currentThread().interrupt();
    }
    List<Waiting> late = new ArrayList<>(); // offered between the writer's last look and now
    queue.drainTo(late);
    late.forEach(w -> w.receipt.completeExceptionally(new StoreUnavailable("stopped", null)));
  }
}
