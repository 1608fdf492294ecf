package convor.relay.app;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the route files say, read without Camel: who listens to the inbox, which settings they
 * declare, which endpoints they name; and what can be told to be wrong by reading alone.
 *
 * @param files those that Camel can try to load
 * @param polls the names of the polls
 * @param problems each {@code file:line: what is wrong}
 */
public record RouteFiles(
    List<Path> files,
    List<Connector> connectors,
    List<EndpointUse> endpoints,
    Set<String> polls,
    List<String> problems) {

  /**
   * Where {@code requires}, {@code optional} and the like stand: a route that listens to {@code
   * inbox:<name>}.
   */
  public record Connector(
      String name,
      List<String> types,
      String requires,
      Map<String, Optional<String>> optional,
      List<String> orgs,
      Duration timeout,
      Path file,
      int line) {

    /** {@code file:line}. */
    public String at() {
      return file + ":" + line;
    }

    /** The keys of settings, below the organization's, that its route may read. */
    Set<String> settings() {
      Set<String> keys = new TreeSet<>(optional.keySet());
      Stream.of(requires.split("[,|]"))
          .map(String::strip)
          .filter(key -> !key.isEmpty())
          .forEach(keys::add);
      return keys;
    }
  }

  /** An endpoint as a file names it; with the line of each of its options. */
  record EndpointUse(String scheme, Map<String, Integer> options, Path file) {}

  public RouteFiles {
    files = List.copyOf(files);
    connectors = List.copyOf(connectors);
    endpoints = List.copyOf(endpoints);
    polls = Set.copyOf(polls);
    problems = List.copyOf(problems);
  }

  /**
   * Reads the {@code *.yaml} and {@code *.yml} of a folder, not of the folders inside it.
   *
   * @param property the value of a key, of {@code env:NAME} or of {@code sys:NAME}, or null
   */
  public static RouteFiles scan(Path folder, Function<String, @Nullable String> property) {
    return new RouteScan(property).folder(folder);
  }

  /** Every setting that a route declares, below the organization's. */
  public Set<String> settings() {
    Set<String> keys = new TreeSet<>();
    connectors.forEach(connector -> keys.addAll(connector.settings()));
    return keys;
  }

  /** The defaults that routes declare. */
  public Map<String, String> defaults() {
    Map<String, String> defaults = new TreeMap<>();
    for (Connector connector : connectors) {
      connector.optional.forEach(
          (key, value) -> value.ifPresent(text -> defaults.putIfAbsent(key, text)));
    }
    return defaults;
  }
}
