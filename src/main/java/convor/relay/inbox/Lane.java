package convor.relay.inbox;

import convor.relay.inbox.NextStep.Ended;
import convor.relay.store.Pair;
import java.time.Duration;
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

  Lane(Pair pair, Organization organization) {
    this.pair = pair;
    this.organization = organization;
  }

  /** There may be something to claim. */
  synchronized void wake() {
    ready = true;
  }

  synchronized boolean isReady() {
    return ready;
  }

  /** Before a claim: a wake-up from here on counts for the next one. */
  synchronized void claiming() {
    ready = false;
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
