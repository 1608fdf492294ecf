package convor.relay.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Reads one folder of route files, node by node: Camel's own reader forgets most line numbers and
 * stops at the first thing that is wrong.
 */
final class RouteScan {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([^{}]+)}}");
  private static final Pattern SETTING =
      Pattern.compile(
          "\\$(?:simple)?\\{variable[.:](?<simple>[\\w.-]+)|variable\\(\\s*\"(?<jq>[\\w.-]+)\""
              + "|properties:relay\\.orgs\\.\\$\\{[^}]*}\\.(?<property>[\\w.-]+)");
  private static final Pattern URI_SCHEME =
      Pattern.compile("([a-z][a-z0-9+.-]*):.*", Pattern.DOTALL);
  private static final Pattern URI_OPTION =
      Pattern.compile("[?&]([A-Za-z][\\w.]*)=(RAW\\(.*?\\)|[^&]*)");
  private static final Set<String> ENDPOINT_STEPS =
      Set.of("to", "toD", "wireTap", "enrich", "pollEnrich", "poll");

  private record SettingUse(String key, String at, Path file) {}

  private final Function<String, @Nullable String> property;
  private final List<Path> files = new ArrayList<>();
  private final List<RouteFiles.Connector> connectors = new ArrayList<>();
  private final List<RouteFiles.EndpointUse> endpoints = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final Map<String, String> polls = new TreeMap<>();
  private final List<SettingUse> uses = new ArrayList<>();
  private final Map<String, String> routeIds = new HashMap<>();

  // of the file being read
  private Path file = Path.of("");
  private List<String> lines = List.of();
  private Set<String> localNames = Set.of();

  RouteScan(Function<String, @Nullable String> property) {
    this.property = property;
  }

  /** Reads a folder, once. */
  RouteFiles folder(Path folder) {
    List<Path> found;
    try (Stream<Path> entries = Files.list(folder)) {
      found =
          entries
              .filter(entry -> entry.toString().matches(".*\\.ya?ml") && Files.isRegularFile(entry))
              .sorted()
              .toList();
    } catch (IOException e) {
      problems.add(
          "relay.routes: there is no such folder; name the one that holds the route files");
      return new RouteFiles(files, connectors, endpoints, polls.keySet(), problems);
    }
    if (found.isEmpty()) {
      problems.add(
          "relay.routes: the folder holds no *.yaml; name the one that holds the route files");
    }
    found.forEach(this::file);
    checkConnectors();
    checkUses();
    return new RouteFiles(files, connectors, endpoints, polls.keySet(), problems);
  }

  private void file(Path path) {
    file = path;
    try {
      String text = Files.readString(path);
      lines = text.lines().toList();
      Node root =
          new Compose(LoadSettings.builder().setLabel(path.toString()).build())
              .composeString(text)
              .orElse(null);
      if (root instanceof SequenceNode list && !list.getValue().isEmpty()) {
        files.add(path);
        localNames = new HashSet<>();
        collectLocalNames(root);
        list.getValue().forEach(this::topLevel);
        walk(root);
      } else if (root instanceof MappingNode) {
        problem(root, "is a map, which Camel skips; make it a list, beginning with `- route:`");
      } else {
        problems.add(path + ":1: is empty; remove it, or begin with `- route:`");
      }
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().or(e::getContextMark).map(Mark::getLine).orElse(0) + 1;
      problems.add(path + ":" + line + ": is not YAML: " + e.getProblem());
    } catch (IOException | YamlEngineException e) {
      problems.add(path + ":1: cannot be read: " + e.getMessage());
    }
  }

  /**
   * Variables that the file sets itself and parameters of its templates: no settings, whatever
   * their names.
   */
  private void collectLocalNames(Node node) {
    if (node instanceof SequenceNode list) {
      list.getValue().forEach(this::collectLocalNames);
    } else if (node instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        if (Set.of("name", "variableReceive").contains(text(entry.getKeyNode()))) {
          localNames.add(text(entry.getValueNode()));
        }
        collectLocalNames(entry.getValueNode());
      }
    }
  }

  private void topLevel(Node item) {
    if (get(item, "from") != null) {
      problem(item, "has a route without an id; write `- route:` with `id:` and `from:`");
    }
    Node templated = get(item, "templatedRoute");
    if (templated != null && "poll".equals(textOf(get(templated, "routeTemplateRef")))) {
      poll(templated);
    }
    Node route = get(item, "route");
    if (route != null) {
      Node id = get(route, "id");
      if (id == null || text(id).isBlank()) {
        problem(item, "has a route without an id; give it one");
      } else {
        String first = routeIds.putIfAbsent(text(id), at(id));
        if (first != null) {
          problem(id, "the route id " + text(id) + " is taken by " + first + "; give it another");
        }
      }
    }
  }

  /** A route from the template {@code poll}: its name is that of its events' source. */
  private void poll(Node route) {
    Node parameters = get(route, "parameters");
    if (!(parameters instanceof SequenceNode list)) {
      return;
    }
    for (Node parameter : list.getValue()) {
      if ("poll".equals(textOf(get(parameter, "name")))) {
        Node name = Objects.requireNonNullElse(get(parameter, "value"), parameter);
        String first = polls.putIfAbsent(text(name), at(name));
        if (first != null) {
          problem(
              name, "the poll " + text(name) + " is taken by " + first + "; give it another name");
        }
      }
    }
  }

  private static @Nullable String textOf(@Nullable Node node) {
    return node == null ? null : text(node);
  }

  private void walk(Node node) {
    if (node instanceof ScalarNode scalar) {
      scalar(scalar);
    } else if (node instanceof SequenceNode list) {
      list.getValue().forEach(this::walk);
    } else if (node instanceof MappingNode map) {
      if (get(map, "uri") instanceof ScalarNode uri) {
        endpoint(uri, get(map, "parameters"));
      }
      for (NodeTuple entry : map.getValue()) {
        String key = text(entry.getKeyNode());
        Node value = entry.getValueNode();
        if (key.equals("from")) {
          from(value);
        }
        if ((key.equals("from") || ENDPOINT_STEPS.contains(key))
            && value instanceof ScalarNode uri) {
          endpoint(uri, null);
        }
        if (key.equals("variable") && value instanceof ScalarNode name) {
          variable(name, name.getValue());
        }
        walk(value);
      }
    }
  }

  private void scalar(ScalarNode scalar) {
    Matcher placeholder = PLACEHOLDER.matcher(scalar.getValue());
    while (placeholder.find()) {
      if (!resolves(placeholder.group(1).strip())) {
        problems.add(
            "%s: %s has no value; set it, or write {{%s:default}}"
                .formatted(
                    atText(scalar, placeholder.group()),
                    placeholder.group(),
                    placeholder.group(1)));
      }
    }
    Matcher setting = SETTING.matcher(scalar.getValue());
    while (setting.find()) {
      String key = setting.group("property");
      if (key != null) {
        uses.add(new SettingUse(key, atText(scalar, key), file));
      } else {
        variable(
            scalar,
            setting.group("simple") != null ? setting.group("simple") : setting.group("jq"));
      }
    }
  }

  private void variable(ScalarNode scalar, String name) {
    if (!isLocal(name)) {
      uses.add(new SettingUse(name, atText(scalar, name), file));
    }
  }

  /**
   * Settings have a dot in their names; {@code contact.id} may also be the id of the file's own
   * variable contact.
   */
  private boolean isLocal(String variable) {
    return !variable.contains(".")
        || localNames.stream().anyMatch(name -> (variable + ".").startsWith(name + "."));
  }

  private boolean resolves(String placeholder) {
    if (placeholder.startsWith("?") || localNames.contains(placeholder)) {
      return true;
    }
    String[] parts = placeholder.replaceFirst("^!", "").split(":", 3);
    return switch (parts[0]) {
      case "env", "sys" -> parts.length != 2 || property.apply(placeholder) != null;
      default -> parts.length > 1 || property.apply(parts[0]) != null;
    };
  }

  private void endpoint(ScalarNode uri, @Nullable Node parameters) {
    Matcher scheme = URI_SCHEME.matcher(uri.getValue());
    if (!scheme.matches()) {
      return;
    }
    Map<String, Integer> options = new LinkedHashMap<>();
    Matcher option = URI_OPTION.matcher(uri.getValue());
    while (option.find()) {
      options.put(option.group(1), line(uri, option.group(1) + "="));
    }
    if (parameters instanceof MappingNode map) {
      map.getValue()
          .forEach(entry -> options.put(text(entry.getKeyNode()), line(entry.getKeyNode())));
    }
    endpoints.add(new RouteFiles.EndpointUse(scheme.group(1), options, file));
  }

  private void from(Node from) {
    Node uri = from instanceof MappingNode ? get(from, "uri") : from;
    if (uri == null || !text(uri).startsWith("inbox:")) {
      return;
    }
    Map<String, String> options = new HashMap<>();
    Matcher option = URI_OPTION.matcher(text(uri));
    while (option.find()) {
      options.put(option.group(1), resolve(option.group(2)));
    }
    if (get(from, "parameters") instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        if (!(entry.getValueNode() instanceof ScalarNode)) {
          problem(
              entry.getKeyNode(), text(entry.getKeyNode()) + " is not text; write a comma list");
        }
        options.put(text(entry.getKeyNode()), resolve(text(entry.getValueNode())));
      }
    }
    Duration timeout = DEFAULT_TIMEOUT;
    try {
      timeout =
          options.containsKey("timeout")
              ? Kind.DURATION.parse(options.get("timeout"))
              : DEFAULT_TIMEOUT;
    } catch (IllegalArgumentException e) {
      problem(from, "timeout " + e.getMessage());
    }
    Map<String, Optional<String>> optional = new LinkedHashMap<>();
    for (String declared : Kind.list(options.getOrDefault("optional", ""))) {
      String[] keyAndDefault = declared.split("=", 2);
      optional.put(
          keyAndDefault[0].strip(),
          keyAndDefault.length > 1 ? Optional.of(keyAndDefault[1].strip()) : Optional.empty());
    }
    connectors.add(
        new RouteFiles.Connector(
            resolve(text(uri))
                .substring("inbox:".length())
                .replaceFirst("[?].*", "")
                .replaceFirst("^//", ""),
            Kind.list(options.getOrDefault("types", "*")),
            options.getOrDefault("requires", ""),
            optional,
            Kind.list(options.getOrDefault("orgs", "")),
            timeout,
            file,
            line(uri)));
  }

  private void checkConnectors() {
    Map<String, String> names = new HashMap<>();
    Map<String, String> defaults = new HashMap<>();
    for (RouteFiles.Connector connector : connectors) {
      String first = names.putIfAbsent(connector.name(), connector.at());
      if (first != null) {
        problems.add(
            connector.at()
                + ": the connector name "
                + connector.name()
                + " is taken by "
                + first
                + "; give it another");
      }
      connector
          .optional()
          .forEach(
              (key, value) -> {
                String other = value.map(text -> defaults.putIfAbsent(key, text)).orElse(null);
                if (other != null && !other.equals(value.orElse(""))) {
                  problems.add(
                      connector.at()
                          + ": "
                          + key
                          + " has another default elsewhere; make them the same");
                }
              });
    }
  }

  /** A route gets the settings that it declares and no others. */
  private void checkUses() {
    for (SettingUse use : uses) {
      List<RouteFiles.Connector> inFile =
          connectors.stream().filter(connector -> connector.file().equals(use.file())).toList();
      Set<String> declared = new TreeSet<>();
      (inFile.isEmpty() ? connectors : inFile)
          .forEach(connector -> declared.addAll(connector.settings()));
      KnownSetting.TABLE.stream()
          .filter(known -> inFile.isEmpty() && known.key().startsWith(KnownSetting.ORG))
          .forEach(known -> declared.add(known.key().substring(KnownSetting.ORG.length())));
      if (!declared.contains(use.key())) {
        String nearest =
            Nearest.to(use.key(), declared).map(key -> "; nearest is " + key).orElse("");
        problems.add(
            use.at()
                + ": the setting "
                + use.key()
                + " is not declared; add it to requires or optional"
                + nearest);
      }
    }
  }

  /** With the values of placeholders; those without are told elsewhere. */
  private String resolve(String text) {
    return PLACEHOLDER
        .matcher(text)
        .replaceAll(
            placeholder -> {
              String[] parts = placeholder.group(1).split(":", 2);
              String value = property.apply(parts[0]);
              return Matcher.quoteReplacement(
                  value != null ? value : parts.length > 1 ? parts[1] : placeholder.group());
            });
  }

  private static @Nullable Node get(Node node, String key) {
    if (node instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        if (text(entry.getKeyNode()).equals(key)) {
          return entry.getValueNode();
        }
      }
    }
    return null;
  }

  private static String text(Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : "";
  }

  private static int line(Node node) {
    return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
  }

  /** The line of a part of a text that may go over several. */
  private int line(ScalarNode scalar, String part) {
    int first = line(scalar);
    int last = Math.min(lines.size(), scalar.getEndMark().map(Mark::getLine).orElse(0) + 1);
    for (int line = first; line <= last; line++) {
      if (lines.get(line - 1).contains(part)) {
        return line;
      }
    }
    return first;
  }

  private String at(Node node) {
    return file + ":" + line(node);
  }

  private String atText(ScalarNode scalar, String part) {
    return file + ":" + line(scalar, part);
  }

  private void problem(Node node, String what) {
    problems.add(at(node) + ": " + what);
  }
}
