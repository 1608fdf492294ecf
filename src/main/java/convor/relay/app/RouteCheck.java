package convor.relay.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.PropertyBindingException;
import org.apache.camel.RouteConfigurationsBuilder;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.StartupSummaryLevel;
import org.apache.camel.TypeConversionException;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.EndpointUriFactory;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.util.StringHelper;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;

/**
 * Loads route files as the relay would and tells what Camel refuses: unknown components, options,
 * steps and beans, bad expressions. Opens no port and starts no route.
 */
public final class RouteCheck {
  private static final Pattern UNKNOWN_STEP =
      Pattern.compile("(?:Unknown node id|Unsupported field): (.+)");
  private static final Pattern FAILED_STEP =
      Pattern.compile(">>> (.*) <<< in route", Pattern.DOTALL);
  private static final Pattern NO_COMPONENT =
      Pattern.compile("No endpoint could be found for: ([^:]+):.*", Pattern.DOTALL);
  private static final Pattern UNKNOWN_OPTIONS =
      Pattern.compile("Unknown parameters=\\[\\{([\\w.-]+)=");

  private static final Pattern FAILED_ROUTE =
      Pattern.compile("Failed to start route: \\S+ \\(source: .*:(\\d+)\\) because: (.*)");

  /**
   * A query parameter of an HTTP call may have any name; this near to an option's, it is a misspelt
   * option.
   */
  private static final int MISSPELT = 2;

  private static final int SHORTEST_REDACTED = 8;

  private final DefaultCamelContext camel;
  private final Map<String, String> properties;
  private final List<String> problems = new ArrayList<>();

  private RouteCheck(DefaultCamelContext camel, Map<String, String> properties) {
    this.camel = camel;
    this.properties = properties;
  }

  /** What is wrong with the route files under these settings. */
  public static List<String> problems(SettingsReader reader) {
    Map<String, Map<String, String>> polls = reader.usable().polls();
    return problems(reader.routes(), reader.properties(), context -> Unwired.bind(context, polls));
  }

  /**
   * Tries every file by itself: what is wrong in one does not hide what is wrong in another.
   *
   * @param properties for placeholders
   * @param beans binds what routes refer to by name
   * @return each {@code file:line: what is wrong}, without what {@link RouteFiles#problems} says
   *     already
   */
  public static List<String> problems(
      RouteFiles routes, Map<String, String> properties, Consumer<CamelContext> beans) {
    try (DefaultCamelContext camel = new DefaultCamelContext()) {
      camel.setAutoStartup(false);
      camel.setSourceLocationEnabled(true);
      camel.setStartupSummaryLevel(StartupSummaryLevel.Off);
      Properties all = new Properties();
      all.putAll(properties);
      camel.getPropertiesComponent().setInitialProperties(all);
      beans.accept(camel);
      camel.start();
      RouteCheck check = new RouteCheck(camel, properties);
      routes.endpoints().forEach(check::options);
      check.load(routes);
      return check.problems;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void options(RouteFiles.EndpointUse endpoint) {
    EndpointUriFactory component =
        camel.getCamelContextExtension().getEndpointUriFactory(endpoint.scheme());
    if (component == null) {
      return;
    }
    Set<String> known = component.propertyNames();
    endpoint
        .options()
        .forEach(
            (option, line) -> {
              String name = StringHelper.dashToCamelCase(option);
              String nearest = Nearest.to(name, known).orElse("");
              boolean free =
                  component.multiValuePrefixes().values().stream().anyMatch(name::startsWith)
                      || (component.isLenientProperties()
                          && Nearest.edits(name, nearest) > MISSPELT);
              if (!known.contains(name) && !free) {
                problems.add(
                    "%s:%d: %s has no option %s; nearest is %s"
                        .formatted(endpoint.file(), line, endpoint.scheme(), option, nearest));
              }
            });
  }

  /**
   * In Camel's order: what configures all routes, the routes and templates, the routes from
   * templates.
   */
  private void load(RouteFiles routes) {
    Map<Path, Collection<RoutesBuilder>> builders = new LinkedHashMap<>();
    for (Path file : routes.files()) {
      attempt(routes, file, () -> builders.put(file, builders(file)));
    }
    for (Step step : List.<Step>of(this::configure, camel::addRoutes, camel::addTemplatedRoutes)) {
      for (Path file : List.copyOf(builders.keySet())) {
        boolean loaded =
            attempt(
                routes,
                file,
                () -> {
                  for (RoutesBuilder builder : builders.getOrDefault(file, List.of())) {
                    step.load(builder);
                  }
                });
        if (!loaded) {
          builders.remove(file);
        }
      }
    }
  }

  private Collection<RoutesBuilder> builders(Path file) throws Exception {
    return PluginHelper.getRoutesLoader(camel)
        .findRoutesBuilders(PluginHelper.getResourceLoader(camel).resolveResource("file:" + file));
  }

  private void configure(RoutesBuilder builder) throws Exception {
    if (builder instanceof RouteConfigurationsBuilder configurations) {
      camel.addRoutesConfigurations(configurations);
    }
  }

  private boolean attempt(RouteFiles routes, Path file, Attempt attempt) {
    try {
      attempt.run();
      return true;
    } catch (Exception e) {
      List<String> told =
          Stream.of(routes.problems(), problems)
              .flatMap(List::stream)
              .filter(problem -> problem.startsWith(file + ":"))
              .toList();
      String what = redacted(what(e));
      boolean again =
          (what.startsWith("unknown option")
                  && told.stream().anyMatch(problem -> problem.contains(" has no option ")))
              || (what.contains("Property with key [")
                  && told.stream().anyMatch(problem -> problem.contains("{{")));
      if (!again) {
        problems.add(file + ":" + lineInFile(file, line(file, e)) + ": " + what);
      }
      return false;
    }
  }

  // ---- Camel's exceptions, read

  /** The most telling message of a chain of causes, as one line. */
  private static String what(Throwable failure) {
    String telling = String.valueOf(failure.getMessage());
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message =
          cause instanceof MarkedYamlEngineException yaml ? yaml.getProblem() : cause.getMessage();
      if (cause instanceof PropertyBindingException binding) {
        String type =
            binding.getCause() instanceof TypeConversionException conversion
                ? "; it takes a " + conversion.getToType().getSimpleName()
                : "";
        return "the option " + binding.getPropertyName() + " cannot take its value" + type;
      }
      if (message != null && !cause.getClass().getName().startsWith("java.")) {
        telling = message;
      }
    }
    Matcher component = NO_COMPONENT.matcher(telling);
    if (component.matches()) {
      return "there is no component " + component.group(1);
    }
    Matcher option = UNKNOWN_OPTIONS.matcher(telling);
    if (option.find()) {
      return "unknown option " + option.group(1);
    }
    Matcher step = UNKNOWN_STEP.matcher(telling);
    if (telling.startsWith("Unknown node id") && step.matches()) {
      return step.group(1)
          + " is no step of a route"
          + Nearest.to(step.group(1), steps()).map(near -> "; nearest is " + near).orElse("");
    }
    String line = telling.lines().findFirst().orElse("").strip();
    Matcher route = FAILED_ROUTE.matcher(line);
    return route.matches() ? route.group(2) : line;
  }

  /** The names of Camel's steps, expressions and data formats. */
  private static Set<String> steps() {
    try (InputStream names =
        RouteDefinition.class.getResourceAsStream(
            "/META-INF/services/org/apache/camel/model.properties")) {
      Properties steps = new Properties();
      if (names != null) {
        steps.load(names);
      }
      return steps.stringPropertyNames();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int line(Path file, Exception failure) {
    if (failure
        instanceof
        MarkedYamlEngineException yaml) { // marks the value or the parent of an unknown key
      int marked = yaml.getProblemMark().map(Mark::getLine).orElse(0) + 1;
      Matcher unknown = UNKNOWN_STEP.matcher(yaml.getProblem());
      return unknown.matches()
          ? lineOfKey(file, unknown.group(1), marked, Integer.MAX_VALUE)
          : marked;
    }
    Matcher started = FAILED_ROUTE.matcher(String.valueOf(failure.getMessage()));
    if (started.find()) {
      return Integer.parseInt(started.group(1));
    }
    RouteDefinition route =
        failure instanceof FailedToCreateRouteException creation
            ? camel.getRouteDefinition(creation.getRouteId())
            : null;
    if (route == null) {
      return 1;
    }
    Matcher failed = FAILED_STEP.matcher(String.valueOf(failure.getMessage()));
    if (failed.find()) {
      for (ProcessorDefinition<?> step : steps(route).toList()) {
        if (step.toString()
            .equals(
                failed.group(
                    1))) { // its line is one too low where its options are on the same line
          return lineOfKey(
              file,
              step.getShortName(),
              Math.max(1, step.getLineNumber()),
              step.getLineNumber() + 1);
        }
      }
    }
    return Math.max(1, route.getInput().getLineNumber());
  }

  /** A route that is made of a template has the lines of the template's file. */
  private static int lineInFile(Path file, int line) {
    try {
      boolean inside = line <= Files.readAllLines(file).size();
      return inside ? line : lineOfKey(file, "routeTemplateRef", 1, Integer.MAX_VALUE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<ProcessorDefinition<?>> steps(ProcessorDefinition<?> parent) {
    return parent.getOutputs().stream()
        .flatMap(step -> Stream.concat(Stream.of(step), steps(step)));
  }

  /** The first line that has the key, or else the one to begin with. */
  private static int lineOfKey(Path file, String key, int from, int to) {
    try {
      List<String> lines = Files.readAllLines(file);
      Pattern found = Pattern.compile("\\b" + Pattern.quote(key) + "\\s*:");
      return IntStream.rangeClosed(from, Math.min(to, lines.size()))
          .filter(line -> found.matcher(lines.get(line - 1)).find())
          .findFirst()
          .orElse(from);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Camel's messages repeat URIs with their placeholders replaced: puts the placeholders back. */
  private String redacted(String message) {
    String safe = message;
    for (Map.Entry<String, String> property : properties.entrySet()) {
      if (property.getValue().length() >= SHORTEST_REDACTED) {
        safe = safe.replace(property.getValue(), "{{" + property.getKey() + "}}");
      }
    }
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (variable.getValue().length() >= SHORTEST_REDACTED) {
        safe = safe.replace(variable.getValue(), "{{env:" + variable.getKey() + "}}");
      }
    }
    return safe;
  }

  @FunctionalInterface
  private interface Attempt {
    void run() throws Exception;
  }

  @FunctionalInterface
  private interface Step {
    void load(RoutesBuilder builder) throws Exception;
  }
}
