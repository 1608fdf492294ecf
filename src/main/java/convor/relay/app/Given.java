package convor.relay.app;

import static java.util.Objects.requireNonNullElse;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the file and the environment give, with placeholders replaced, and what is wrong with it;
 * not yet what it means.
 */
final class Given {
  private static final Pattern PLACEHOLDER =
      Pattern.compile("\\{\\{(env|file):([^:{}]+)(?::([^{}]*))?}}");
  private static final Pattern CAMEL_VARIABLE =
      Pattern.compile(
          "CAMEL_(SERVER|MAIN|(?:COMPONENT|LANGUAGE|DATAFORMAT)_[A-Z0-9]+)_([A-Z0-9_]+)");

  private final Map<String, String> environment;
  private final boolean sandbox;

  /** By key. A blank value is kept: it unsets the entry of a scheme. */
  private final Map<String, String> values = new TreeMap<>();

  /** Keys that are there but have no value that could be used: told already. */
  private final Set<String> broken = new TreeSet<>();

  /** Environment variables that placeholders name. */
  private final Set<String> named = new TreeSet<>();

  /** Key to the environment variable that gave it. */
  private final Map<String, String> variables = new HashMap<>();

  private final List<String> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  Given(Path file, Map<String, String> environment, boolean sandbox) {
    this.environment = environment;
    this.sandbox = sandbox;
    readFile(file);
  }

  Map<String, String> values() {
    return values;
  }

  Set<String> broken() {
    return broken;
  }

  List<String> problems() {
    return problems;
  }

  List<String> warnings() {
    return warnings;
  }

  /** The value, unless it is blank. */
  @Nullable String value(String key) {
    String value = values.get(key);
    return value == null || value.isBlank() ? null : value;
  }

  /**
   * The value of a key whose spelling is certain, or of {@code env:NAME}: also before the
   * environment was read.
   */
  @Nullable String early(String key) {
    if (key.startsWith("env:")) {
      return environment.get(key.substring("env:".length()));
    }
    String variable = environment.getOrDefault(KnownSetting.environmentName(key), "");
    return variable.isBlank() ? value(key) : variable;
  }

  void problem(String key, String what) {
    String variable = variables.get(key);
    problems.add(key + (variable == null ? "" : " (" + variable + ")") + ": " + what);
  }

  private void readFile(Path file) {
    Map<String, String> written = new TreeMap<>();
    try (Reader reader = Files.newBufferedReader(file)) {
      new Properties() {
        @Override
        public synchronized @Nullable Object put(Object key, Object value) {
          if (written.put((String) key, ((String) value).strip()) != null) {
            problem((String) key, "is set twice; keep one of the lines");
          }
          return null;
        }
      }.load(reader);
    } catch (NoSuchFileException e) {
      problem(file.toString(), "there is no such file; name it with --config");
    } catch (CharacterCodingException e) {
      problem(file.toString(), "is not UTF-8; save it as UTF-8");
    } catch (IOException | IllegalArgumentException e) {
      problem(file.toString(), "cannot be read: " + e.getMessage());
    }
    written.forEach(
        (key, value) -> {
          if (key.startsWith("relay.") && value.matches("(?s).*\\S\\s+#.*")) {
            problem(key, "has a # in its value; put the comment on a line of its own");
          }
          replacePlaceholders(key, value);
        });
  }

  private void replacePlaceholders(String key, String value) {
    Matcher placeholder = PLACEHOLDER.matcher(value);
    boolean complete = true;
    StringBuilder replaced = new StringBuilder();
    while (placeholder.find()) {
      String found =
          placeholder.group(1).equals("env")
              ? variable(key, placeholder.group(2), placeholder.group(3))
              : content(key, placeholder.group(2));
      complete &= found != null;
      placeholder.appendReplacement(
          replaced, Matcher.quoteReplacement(requireNonNullElse(found, "")));
    }
    placeholder.appendTail(replaced);
    if (key.startsWith("relay.") && PLACEHOLDER.matcher(value).replaceAll("").contains("{{")) {
      problem(
          key,
          "has an unknown placeholder; write {{env:NAME}}, {{env:NAME:default}} or {{file:PATH}}");
      complete = false;
    }
    if (complete) {
      values.put(key, replaced.toString());
    } else {
      broken.add(key);
    }
  }

  private @Nullable String variable(String key, String name, @Nullable String byDefault) {
    named.add(name);
    String value = environment.getOrDefault(name, "");
    if (!value.isBlank() || byDefault != null) {
      return value.isBlank() ? byDefault : value;
    }
    if (!sandbox) {
      problem(
          key,
          "environment variable "
              + name
              + " is not set; set it, or write {{env:"
              + name
              + ":}} if it may be unset");
    }
    return null;
  }

  private @Nullable String content(String key, String path) {
    try {
      return Files.readString(Path.of(path.strip())).strip();
    } catch (IOException | IllegalArgumentException e) {
      problem(
          key, "the file " + path + " cannot be read; it should hold the value and nothing else");
      return null;
    }
  }

  /** Takes what the environment says, which wins: once it is known which settings there are. */
  void readEnvironment(List<KnownSetting> known) {
    Map<String, String> spellings = new HashMap<>();
    for (String key : values.keySet()) {
      Arrays.stream(key.split("\\."))
          .forEach(part -> spellings.put(KnownSetting.environmentName(part), part));
    }
    new TreeMap<>(environment)
        .forEach(
            (name, value) -> {
              String key = value.isBlank() ? null : keyOf(name, known, spellings);
              if (key != null) {
                values.keySet().removeIf(other -> sameCamelKey(other, key));
                values.put(key, value.strip());
                broken.remove(key);
                variables.put(key, name);
              }
            });
  }

  /**
   * The key that an environment variable gives; of two that it could mean, the one with the shorter
   * names.
   */
  private @Nullable String keyOf(
      String variable, List<KnownSetting> known, Map<String, String> spellings) {
    Matcher camel = CAMEL_VARIABLE.matcher(variable);
    if (camel.matches()) {
      return ("camel." + camel.group(1).replace('_', '.') + "." + camel.group(2).replace('_', '-'))
          .toLowerCase(Locale.ROOT);
    }
    if (!variable.startsWith("RELAY_")) {
      return null;
    }
    String found = null;
    int shortest = Integer.MAX_VALUE;
    for (KnownSetting setting : known) {
      Matcher names = setting.environmentPattern().matcher(variable);
      if (names.matches()) {
        int length =
            IntStream.rangeClosed(1, names.groupCount()).map(i -> names.group(i).length()).sum();
        if (length < shortest) {
          shortest = length;
          found = named(setting, names, spellings);
        }
      }
    }
    if (found == null && !named.contains(variable)) {
      warnings.add(
          variable
              + ": is an environment variable of no setting; rename it if it is not meant as one");
    }
    return found;
  }

  private static String named(KnownSetting setting, Matcher names, Map<String, String> spellings) {
    String key = setting.key();
    for (int i = 1; i <= names.groupCount(); i++) {
      String name = names.group(i);
      String spelled = spellings.getOrDefault(name, name.toLowerCase(Locale.ROOT));
      key = key.replaceFirst("<\\w+>", Matcher.quoteReplacement(spelled));
    }
    return key;
  }

  /** Camel takes {@code static-enabled} and {@code staticEnabled} for the same. */
  static boolean sameCamelKey(String a, String b) {
    return a.startsWith("camel.") && a.replace("-", "").equalsIgnoreCase(b.replace("-", ""));
  }
}
