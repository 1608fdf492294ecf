package convor.relay.operate;

import convor.relay.store.Database;
import convor.relay.store.Pairs;
import convor.relay.store.Pruning;
import convor.relay.store.Pruning.Pruned;
import convor.relay.store.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prunes by {@code relay.retention.*}, every minute, in small steps: an append waits for one at
 * most, and the store is left to others for four times as long as a step took. Giving back space
 * has no hurry: there it is nineteen times.
 */
public final class Retention implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Retention.class);
  private static final Duration EVERY = Duration.ofMinutes(1);
  private static final int REST_WHEN_PRUNING = 4;
  private static final int REST_WHEN_COMPACTING = 19;

  private final Database database;
  private final Pruning pruning;
  private final Pairs pairs;
  private final Duration keepEvents;
  private final Duration keepKeys;
  private final InstantSource clock;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "retention"));

  public Retention(
      Database database, Pairs pairs, Duration keepEvents, Duration keepKeys, InstantSource clock) {
    this.database = database;
    this.pruning = new Pruning(database);
    this.pairs = pairs;
    this.keepEvents = keepEvents;
    this.keepKeys = keepKeys;
    this.clock = clock;
    long pause = EVERY.toSeconds();
    var unused = timer.scheduleWithFixedDelay(this::runGuarded, pause, pause, TimeUnit.SECONDS);
  }

  private void runGuarded() {
    try {
      while (runOnce()) {
        // there is more space to give back
      }
    } catch (StoreUnavailable e) {
      log.warn("nothing was pruned, or not all: {}; it tries again", e.getMessage());
    }
  }

  /**
   * Prunes all that is old enough now, and gives back space for a minute at most.
   *
   * @return whether there is more to give back now
   */
  private boolean runOnce() {
    Instant now = clock.instant();
    pairs.seen(now);
    Instant before = now.minus(keepEvents);
    long at = -1;
    int events = 0;
    int dead = 0;
    Breath breath = new Breath(REST_WHEN_PRUNING);
    Pruned step = pruning.step(at, before, before);
    while (step.lastId() != at && breath.getAsBoolean()) {
      at = step.lastId();
      events += step.events();
      dead += step.dead();
      step = pruning.step(at, before, before);
    }
    pruning.forgetKeys(now.minus(keepKeys), breath);
    if (events > 0) {
      log.info(
          "pruned {} events older than {} ({} dead deliveries among theirs)",
          events,
          keepEvents,
          dead);
    }
    long end = System.nanoTime() + EVERY.toNanos(); // then pruning comes first again
    Breath longBreath = new Breath(REST_WHEN_COMPACTING);
    while (database.compact() && longBreath.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        return true;
      }
    }
    return false;
  }

  /** After a step leaves the store to others; says whether to go on then. */
  private final class Breath implements BooleanSupplier {
    private final int rest;
    private long from = System.nanoTime();

    Breath(int rest) {
      this.rest = rest;
    }

    @Override
    public boolean getAsBoolean() {
      LockSupport.parkNanos(rest * (System.nanoTime() - from));
      from = System.nanoTime();
      return !timer.isShutdown();
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
