package convor.relay.inbox;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Turn;
import convor.relay.store.GroupCommit;
import convor.relay.store.Pair;
import convor.relay.store.PairStatus;
import convor.relay.store.Settlement;
import convor.relay.store.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connector's deliveries on this node: a thread that settles what has ended and claims what may
 * start, and {@code concurrency} threads that attempt. Nothing is claimed that cannot start at
 * once, so a crash leaves no more than {@code concurrency} outcomes unknown.
 */
final class Dispatcher implements GroupCommit.Listener {
  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  /**
   * While there is nothing to do, the pauses between two looks grow up to this many poll intervals.
   */
  private static final int IDLE_FACTOR = 5;

  /**
   * Attempts that end within the time that the last turns took are settled together, but nothing
   * waits longer than this for others.
   */
  private static final long GATHER_MAX_NS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Another node's turn with a pair is a few statements and a commit. */
  private static final Duration BUSY = Duration.ofMillis(10);

  private final Subscription subscription;
  private final Inbox inbox;
  private final BiFunction<Claim, Organization, Outcome> attempt;
  private final NextStep nextStep;
  private final AttemptLog attemptLog;
  private final Map<String, Lane> lanes = new LinkedHashMap<>();
  private final ThreadPoolExecutor attempts;
  private final ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(1);
  private final Set<Running> running =
      Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
  private final Thread loop;
  private final Semaphore signal = new Semaphore(0);

  /** An attempt has ended since the last turns began. */
  private final AtomicBoolean ended = new AtomicBoolean();

  private volatile boolean urgent;
  private volatile boolean claiming = true;
  private volatile @Nullable Instant drainUntil;
  private volatile boolean stopped;
  private long gatherNs;
  private int turns;
  private boolean busy;
  private Instant nextLook = Instant.MIN;
  private int idleLooks;

  /**
   * @param attempt runs the route for a claim; never throws
   */
  Dispatcher(
      Subscription subscription,
      List<Organization> organizations,
      Inbox inbox,
      BiFunction<Claim, Organization, Outcome> attempt) {
    this.subscription = subscription;
    this.inbox = inbox;
    this.attempt = attempt;
    this.nextStep =
        new NextStep(
            inbox.limits(),
            subscription.pace().giveUpAfter(),
            () -> ThreadLocalRandom.current().nextDouble());
    this.attemptLog = new AttemptLog(subscription.connector(), inbox.metrics());
    for (Organization organization : organizations) {
      Pair pair = new Pair(subscription.connector(), organization.name());
      lanes.put(organization.name(), new Lane(pair, organization));
    }
    String name = "inbox-" + subscription.connector();
    this.attempts =
        new ThreadPoolExecutor(
            subscription.pace().concurrency(),
            subscription.pace().concurrency(),
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(), // holds what is claimed for a thread that is about to be
            // free
            runnable -> new Thread(runnable, name + "-attempt"));
    attempts.allowCoreThreadTimeOut(true);
    deadlines.setRemoveOnCancelPolicy(true);
    this.loop = new Thread(this::runUntilStopped, name);
  }

  void start() {
    loop.start();
  }

  /**
   * Something was appended for these organizations. That costs nothing while nothing can start: of
   * a pair that is paused, parked or waiting the next look is in time, and of threads that are all
   * busy the first that ends tells.
   */
  @Override
  public void appended(Set<String> orgs) {
    Instant now = inbox.clock().instant();
    boolean startable = false;
    for (Lane lane : lanesOf(orgs)) {
      lane.wake();
      startable |= lane.isReady(now);
    }
    if (startable && running.size() < subscription.pace().concurrency()) {
      signal();
    }
  }

  @Override
  public void changed(Set<String> orgs) {
    lanesOf(orgs).forEach(Lane::open);
    signal();
  }

  private List<Lane> lanesOf(Collection<String> orgs) {
    return orgs.stream().map(lanes::get).filter(Objects::nonNull).toList();
  }

  /** Claims nothing more; what runs goes on. */
  void pauseClaiming(boolean pause) {
    claiming = !pause;
    signal();
  }

  /** The relay is about to stop: claims nothing more, and the drain timeout begins. */
  void drain() {
    if (drainUntil == null) {
      drainUntil = inbox.clock().instant().plus(inbox.limits().drainTimeout());
      claiming = false;
      signal();
    }
  }

  /** Waits for running attempts, gives up on those that outlast the drain timeout, settles all. */
  void stop() {
    drain();
    try {
      loop.join(Math.max(1, Duration.between(inbox.clock().instant(), drainUntil).toMillis()));
      for (Running one : Set.copyOf(running)) {
        one.end(Outcome.of(Outcome.Kind.UNKNOWN, "the relay stopped before the attempt ended"));
      }
      stopped = true;
      signal();
      loop.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stopped = true;
      attempts.shutdownNow();
      deadlines.shutdownNow();
    }
  }

  private void signal() {
    urgent = true;
    signal.release();
  }

  /** Of the attempts that run the first that ends is told of, and the last. */
  private void signalEnd() {
    if (ended.compareAndSet(false, true) || running.isEmpty()) {
      signal.release();
    }
  }

  private void runUntilStopped() {
    while (!stopped && !(drainUntil != null && isDrained())) {
      Duration pause = runGuarded();
      if (!pause.isZero()) {
        await(pause);
      }
    }
    runGuarded(); // settles what the last attempts ended in
  }

  private boolean isDrained() {
    return lanes.values().stream().allMatch(lane -> lane.inFlight() == 0 && !lane.hasResults());
  }

  private Duration runGuarded() {
    try {
      return runOnce();
    } catch (StoreUnavailable e) {
      log.warn("connector={}: {}; it tries again", subscription.connector(), e.getMessage());
    } catch (RuntimeException | Error e) { // a connector whose loop ended would be silent for ever
      log.error("connector={}: its deliveries failed; it tries again", subscription.connector(), e);
    }
    return inbox.limits().pollInterval();
  }

  private void await(Duration pause) {
    try {
      if (signal.tryAcquire(pause.toMillis() + 1, TimeUnit.MILLISECONDS)) {
        gather();
        signal.drainPermits();
      }
    } catch (InterruptedException e) {
      stopped = true; // nobody interrupts this thread but a JVM that goes down
    }
  }

  /** Lets the attempts end that are about to: a turn costs the same for one result as for many. */
  private void gather() throws InterruptedException {
    long until = System.nanoTime() + gatherNs;
    while (!urgent
        && !running.isEmpty()
        && signal.tryAcquire(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      signal.drainPermits();
    }
  }

  /** A turn that is not on disk yet. */
  private record Taken(Lane lane, List<Lane.Result> results, Turn turn) {}

  /**
   * One turn of each organization that has something to settle or to claim, and one flush for all;
   * returns how long there is nothing to do.
   */
  Duration runOnce() {
    Instant now = inbox.clock().instant();
    long from = System.nanoTime();
    look(now);
    urgent = false;
    ended.set(false);
    boolean again = false;
    busy = false;
    List<Lane> order = new ArrayList<>(lanes.values());
    // Another is the first each time, also after a turn that failed: those behind it come before.
    Collections.rotate(order, -turns++);
    List<Taken> taken = new ArrayList<>();
    try {
      for (Lane lane : order) {
        again |= turn(lane, now, taken);
      }
    } finally { // also when the store failed in the middle: those before are committed
      flushed(taken, now);
    }
    gatherNs = Math.min(System.nanoTime() - from, GATHER_MAX_NS);
    if (busy && !again) {
      return BUSY;
    }
    Duration untilLook = claiming ? Duration.between(now, nextLook) : inbox.limits().pollInterval();
    return again || untilLook.isNegative() ? Duration.ZERO : untilLook;
  }

  /**
   * Asks the store who has work that no wake-up told of: retries that came due, other nodes'
   * appends and expired leases.
   */
  private void look(Instant now) {
    if (now.isBefore(nextLook) || !claiming) {
      return;
    }
    List<String> orgs = inbox.log().pairs().withWork(subscription.connector(), now);
    lanesOf(orgs).forEach(Lane::open);
    idleLooks = orgs.isEmpty() ? Math.min(idleLooks + 1, IDLE_FACTOR) : 1;
    nextLook = now.plus(inbox.limits().pollInterval().multipliedBy(idleLooks));
    lanes.values().forEach(lane -> lookNoLaterThan(lane.opensAt(), now));
  }

  private boolean turn(Lane lane, Instant now, List<Taken> taken) {
    int free =
        subscription.pace().concurrency() - lanes.values().stream().mapToInt(Lane::inFlight).sum();
    int want =
        claiming && lane.isReady(now) ? FairShare.take(lanes.size(), lane.inFlight(), free) : 0;
    List<Lane.Result> results = lane.takeResults();
    if (want == 0 && results.isEmpty()) {
      return false;
    }
    lane.turning(want > 0);
    Turn turn;
    try {
      turn =
          inbox
              .log()
              .deliveries()
              .unflushedTurn(
                  lane.pair,
                  subscription.selection(inbox.limits()),
                  status ->
                      nextStep.decide(
                          status, results.stream().map(Lane.Result::ended).toList(), now),
                  want,
                  now);
    } catch (RuntimeException e) {
      lane.putBack(results);
      lane.wake();
      throw e;
    }
    if (turn.busy()) {
      lane.putBack(results);
      lane.wake();
      busy = true;
      return false;
    }
    taken.add(new Taken(lane, results, turn));
    lane.started(turn.claims().size());
    if (turn.more()) {
      lane.wake();
    }
    lane.opensAt(opensAt(turn.status()));
    lookNoLaterThan(lane.opensAt(), now);
    return turn.more() && free > turn.claims().size();
  }

  /** Flushes the turns; then tells what was settled and starts what was claimed. */
  private void flushed(List<Taken> taken, Instant now) {
    try {
      inbox.log().deliveries().flush(taken.stream().map(Taken::turn).toList());
    } catch (RuntimeException e) {
      for (Taken one : taken) {
        one.lane.started(-one.turn.claims().size());
        one.lane.putBack(one.results);
        one.lane.open(); // what its turn saw may be lost
      }
      throw e;
    }
    for (Taken one : taken) {
      for (Claim claim : one.turn.claims()) {
        Running next = new Running(claim, one.lane);
        running.add(next);
        attempts.execute(next);
      }
    }
    taken.forEach(one -> report(one.results, one.turn, now));
  }

  private Instant opensAt(PairStatus status) {
    boolean rated = subscription.pace().rate() != null && status.rateAt().isAfter(status.opensAt());
    return rated ? status.rateAt() : status.opensAt();
  }

  private void lookNoLaterThan(@Nullable Instant at, Instant now) {
    if (at != null && at.isAfter(now) && at.isBefore(nextLook)) {
      nextLook = at;
    }
  }

  private void report(List<Lane.Result> results, Turn turn, Instant now) {
    Set<Settlement> fenced = Collections.newSetFromMap(new IdentityHashMap<>());
    fenced.addAll(turn.fenced());
    for (int i = 0; i < results.size(); i++) {
      Settlement settlement = turn.settled().get(i);
      if (fenced.contains(settlement)) {
        attemptLog.fenced(settlement);
      } else {
        attemptLog.settled(settlement, results.get(i).ended().outcome(), results.get(i).took());
        lookNoLaterThan(settlement.dueAt(), now);
      }
    }
  }

  /**
   * An attempt on its thread: it ends once, by the route or by the clock; the thread is freed when
   * the route returns.
   */
  private final class Running implements Runnable {
    private final Claim claim;
    private final Lane lane;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Instant startedAt = inbox.clock().instant();
    private @Nullable Thread thread;

    Running(Claim claim, Lane lane) {
      this.claim = claim;
      this.lane = lane;
    }

    @Override
    public void run() {
      thread = Thread.currentThread();
      ScheduledFuture<?> deadline =
          deadlines.schedule(
              this::timedOut, subscription.pace().timeout().toMillis(), TimeUnit.MILLISECONDS);
      Outcome outcome = Outcome.of(Outcome.Kind.UNKNOWN, "the attempt broke off");
      try {
        outcome = attempt.apply(claim, lane.organization);
      } finally {
        deadline.cancel(false);
        synchronized (this) {
          thread = null;
        }
        running.remove(this);
        end(outcome); // before the thread counts as free: a lane without both is drained
        lane.freed();
        signalEnd();
      }
    }

    private synchronized void timedOut() {
      Thread attempting = thread;
      long seconds = subscription.pace().timeout().toSeconds();
      if (attempting != null
          && end(Outcome.of(Outcome.Kind.UNKNOWN, "timed out after " + seconds + " s"))) {
        signal();
        attempting.interrupt();
      }
    }

    /** Returns whether it had not ended before. */
    boolean end(Outcome outcome) {
      boolean first = ended.compareAndSet(false, true);
      if (first) {
        Duration took = Duration.between(startedAt, inbox.clock().instant());
        attemptLog.ended(claim, outcome, took);
        lane.ended(new Lane.Result(new NextStep.Ended(claim, outcome), took));
      }
      return first;
    }
  }
}
