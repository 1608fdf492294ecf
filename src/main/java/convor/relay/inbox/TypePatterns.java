package convor.relay.inbox;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A list of event types such as {@code conversation.*, visitor.identified}; {@code *} stands for
 * any characters.
 */
record TypePatterns(List<Pattern> patterns) implements Predicate<String> {

  static TypePatterns parse(String list) {
    return new TypePatterns(
        Arrays.stream(list.split(",", -1))
            .map(String::strip)
            .filter(pattern -> !pattern.isEmpty())
            .map(TypePatterns::pattern)
            .toList());
  }

  private static Pattern pattern(String wildcard) {
    return Pattern.compile(
        Stream.of(wildcard.split("\\*", -1))
            .map(literal -> literal.replaceAll("[^A-Za-z0-9_]", "\\\\$0"))
            .collect(Collectors.joining(".*")));
  }

  /** The same as one expression, in what the dialects of Java and of databases share. */
  String regex() {
    return patterns.stream().map(Pattern::pattern).collect(Collectors.joining("|", "^(", ")$"));
  }

  @Override
  public boolean test(String type) {
    return patterns.stream().anyMatch(pattern -> pattern.matcher(type).matches());
  }
}
