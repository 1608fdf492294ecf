package convor.relay.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The entries of a scheme as they are read; remembers what was asked for, and everything that is
 * wrong.
 */
final class Entries {
  private final Map<String, String> entries;
  private final Set<String> known = new TreeSet<>();
  private final List<String> errors = new ArrayList<>();

  Entries(Map<String, String> entries) {
    this.entries = entries;
  }

  /** The entry without surrounding space; empty if it is absent or set to nothing. */
  String text(String name) {
    known.add(name);
    return entries.getOrDefault(name, "").strip();
  }

  List<String> list(String name) {
    return Arrays.stream(text(name).split(","))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }

  /**
   * The entry as {@code parse} reads it, which throws IllegalArgumentException saying what would be
   * right.
   */
  <T> T read(String name, T absent, Function<String, T> parse) {
    String text = text(name);
    if (text.isEmpty()) {
      return absent;
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      errors.add(name + " = " + text + ": " + e.getMessage());
      return absent;
    }
  }

  /** The one of {@code choices} that is written so; the first if the entry is absent. */
  <T extends Enum<T>> T choice(String name, List<T> choices) {
    List<String> words = choices.stream().map(Entries::word).toList();
    return read(
        name,
        choices.get(0),
        text -> {
          if (!words.contains(text)) {
            throw new IllegalArgumentException("must be one of " + String.join(", ", words));
          }
          return choices.get(words.indexOf(text));
        });
  }

  /** How a choice is written. */
  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  void require(boolean right, String message) {
    if (!right) {
      errors.add(message);
    }
  }

  /** Every name that was asked for. */
  Set<String> names() {
    return known;
  }

  /**
   * Throws IllegalArgumentException with one line for each thing that is wrong; call it when all is
   * read.
   */
  void throwIfWrong() {
    for (String name : new TreeSet<>(entries.keySet())) {
      require(
          known.contains(name),
          name + ": is no entry of a scheme; these are: " + String.join(", ", known));
    }
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", errors));
    }
  }
}
