package convor.relay.sandbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What happened at one pretend destination. The latest calls and effects are kept, the counts go
 * on. Not thread-safe: its owner guards it.
 */
final class Ledger {
  static final int CALLS_KEPT = 1_000;
  static final int EFFECTS_KEPT = 100_000;

  private final Deque<Call> calls = new ArrayDeque<>();
  private final Deque<Effect> effects = new ArrayDeque<>();
  private final Map<String, Boolean> keys = Json.bounded(EFFECTS_KEPT);
  private final Map<String, Boolean> markers = Json.bounded(EFFECTS_KEPT);
  private final Map<String, Long> byStatus = new TreeMap<>();
  private long called;
  private long created;
  private long updated;
  private long faults;
  private long prevented;
  private long duplicates;
  private long distinctKeys;

  /** Two callers may use the same key, as two accounts have the same contact. */
  void add(Call call, List<Effect> done, boolean duplicatePrevented) {
    keep(calls, call, CALLS_KEPT);
    called++;
    byStatus.merge(call.status() == 0 ? "none" : String.valueOf(call.status()), 1L, Long::sum);
    faults += call.fault() == null ? 0 : 1;
    prevented += duplicatePrevented ? 1 : 0;
    if (call.key() != null
        && keys.put(call.caller() + ' ' + call.path() + ' ' + call.key(), true) == null) {
      distinctKeys++;
    }
    done.forEach(this::add);
  }

  private void add(Effect effect) {
    keep(effects, effect, EFFECTS_KEPT);
    if (!effect.creates()) {
      updated++;
      return;
    }
    created++;
    String identity = effect.kind() + ' ' + effect.account() + ' ' + effect.marker();
    duplicates += effect.marker() != null && markers.put(identity, true) != null ? 1 : 0;
  }

  List<Call> calls() {
    return List.copyOf(calls);
  }

  List<Effect> effects() {
    return List.copyOf(effects);
  }

  Counts counts() {
    return new Counts(
        called,
        created,
        updated,
        faults,
        prevented,
        duplicates,
        distinctKeys,
        Map.copyOf(byStatus));
  }

  ObjectNode toJson() {
    List<Effect> latest =
        effects().subList(Math.max(0, effects.size() - CALLS_KEPT), effects.size());
    return Json.object("counts", counts(), "calls", calls, "effects", latest);
  }

  private static <T> void keep(Deque<T> latest, T one, int limit) {
    latest.addLast(one);
    if (latest.size() > limit) {
      latest.removeFirst();
    }
  }
}
