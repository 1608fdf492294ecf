package convor.relay.inbox;

import convor.relay.inbox.NextStep.Ended;
import convor.relay.store.Pair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What this node has in hand of one (connector, organization). */
final class Lane {
  /** An attempt that ended and has not been settled yet. */
  record Result(Ended ended, Duration took) {}

  final Pair pair;
  final Organization organization;
  private final List<Result> results = new ArrayList<>();
  private int inFlight;
  private boolean ready = true;
  private boolean changed;
  private Instant opensAt = Instant.MIN;

  Lane(Pair pair, Organization organization) {
    this.pair = pair;
    this.organization = organization;
  }

  /** There may be something to claim. */
  synchronized void wake() {
    ready = true;
  }

  /** The store, or a person, says so: what the last turn saw of the pair is out of date. */
  synchronized void open() {
    ready = true;
    changed = true;
    opensAt = Instant.MIN;
  }

  synchronized boolean isReady(Instant now) {
    return ready && !opensAt.isAfter(now);
  }

  /** Before a turn: what is told from here on counts for the next one. */
  synchronized void turning(boolean claims) {
    ready &= !claims;
    changed = false;
  }

  /**
   * After a turn, which saw that the pair starts nothing before this: whatever is appended until
   * then is no reason to ask the store.
   */
  synchronized void opensAt(Instant seen) {
    opensAt = changed ? Instant.MIN : seen;
  }

  synchronized Instant opensAt() {
    return opensAt;
  }

  synchronized void started(int attempts) {
    inFlight += attempts;
  }

  /** The attempt's thread is free again. */
  synchronized void freed() {
    inFlight--;
  }

  synchronized int inFlight() {
    return inFlight;
  }

  synchronized void ended(Result result) {
    results.add(result);
  }

  synchronized List<Result> takeResults() {
    List<Result> taken = List.copyOf(results);
    results.clear();
    return taken;
  }

  /** After a failed settling: they are settled with the next turn. */
  synchronized void putBack(List<Result> unsettled) {
    results.addAll(0, unsettled);
  }

  synchronized boolean hasResults() {
    return !results.isEmpty();
  }
}
