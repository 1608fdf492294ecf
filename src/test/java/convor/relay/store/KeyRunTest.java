package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KeyRunTest {
  private static KeyRun run(Map<KeyHash, Long> keys) {
    return KeyRun.of(new TreeMap<>(keys));
  }

  private static Map<KeyHash, Long> keys(KeyRun run) {
    Map<KeyHash, Long> keys = new TreeMap<>();
    for (int i = 0; i < run.size(); i++) {
      keys.put(run.key(i), run.receivedAt(i));
    }
    assertThat(keys).hasSize(run.size());
    return keys;
  }

  @Test
  void a_merged_run_has_each_key_once_with_its_later_time() {
    KeyHash one = new KeyHash(1, 0);
    KeyHash two = new KeyHash(2, -1);
    KeyHash three = new KeyHash(2, 1);
    KeyHash four = new KeyHash(-1, 5);
    KeyRun merged =
        run(Map.of(one, 10L, two, 20L, three, 30L))
            .with(new TreeMap<>(Map.of(two, 25L, three, 3L, four, 40L)), 0);
    assertThat(keys(merged))
        .containsExactlyInAnyOrderEntriesOf(Map.of(one, 10L, two, 25L, three, 30L, four, 40L));
  }

  @Test
  void what_is_too_old_is_left_out_of_a_merged_run() {
    KeyHash old = new KeyHash(1, 1);
    KeyHash again = new KeyHash(2, 2);
    KeyHash late = new KeyHash(3, 3);
    KeyRun merged =
        run(Map.of(old, 9L, again, 9L)).with(new TreeMap<>(Map.of(again, 10L, late, 9L)), 10);
    assertThat(keys(merged)).isEqualTo(Map.of(again, 10L));
  }

  @Test
  void a_run_is_the_same_after_it_was_bytes_and_all_its_keys_are_found() {
    TreeMap<KeyHash, Long> keys = new TreeMap<>();
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1_000; i++) {
      keys.put(new KeyHash(random.nextLong(), random.nextLong()), random.nextLong());
    }
    KeyRun run = KeyRun.of(KeyRun.of(keys).bytes());
    assertThat(keys(run)).isEqualTo(keys);
    keys.forEach((key, at) -> assertThat(run.receivedAt(run.find(key))).isEqualTo(at));
    assertThat(run.find(new KeyHash(0, 0))).isNegative();
    assertThat(KeyRun.EMPTY.find(new KeyHash(0, 0))).isNegative();
  }

  @Test
  void a_long_run_is_split_and_never_between_keys_that_begin_alike() {
    TreeMap<KeyHash, Long> keys = new TreeMap<>();
    for (long i = 0; i < 40; i++) {
      keys.put(new KeyHash(i < 7 || i > 13 ? i : 7, i), i);
    }
    List<KeyRun> pieces = KeyRun.of(keys).split(16);
    assertThat(pieces).extracting(KeyRun::size).containsExactly(14, 8, 8, 8, 2);
    TreeMap<KeyHash, Long> together = new TreeMap<>();
    pieces.forEach(piece -> together.putAll(keys(piece)));
    assertThat(together).isEqualTo(keys);
    assertThat(pieces.get(0).split(16)).containsExactly(pieces.get(0));
  }

  @Test
  void a_filter_lets_all_keys_of_its_run_through_and_few_others() {
    TreeMap<KeyHash, Long> keys = new TreeMap<>();
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 512; i++) {
      keys.put(new KeyHash(random.nextLong(), random.nextLong()), 0L);
    }
    KeyFilter filter = new KeyFilter(KeyRun.of(keys));
    assertThat(keys.keySet()).allMatch(filter::mayHold);
    int others = 0;
    for (int i = 0; i < 10_000; i++) {
      others += filter.mayHold(new KeyHash(random.nextLong(), random.nextLong())) ? 1 : 0;
    }
    assertThat(others).isBetween(1, 300);
    assertThat(new KeyFilter(KeyRun.EMPTY).mayHold(new KeyHash(1, 1))).isFalse();
  }
}
