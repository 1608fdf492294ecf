package convor.relay.cli;

import convor.relay.app.RouteCheck;
import convor.relay.app.RouteFiles;
import convor.relay.app.Settings;
import convor.relay.app.SettingsReader;
import convor.relay.inbox.Organization;
import convor.relay.poll.Polls;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code check}: everything that is wrong with settings and routes, without starting. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Checks the settings and the route files without starting anything.",
      "Prints one line for each problem and ends with 1; or says who is subscribed to what and ends with 0."
    })
public final class CheckCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "application.properties",
      description = "The settings. Default: ${DEFAULT-VALUE}")
  private Path config = Path.of("application.properties");

  @Spec private CommandSpec spec = CommandSpec.create();

  /**
   * A command for one run.
   *
   * @param environment such as {@link System#getenv()}
   */
  public CheckCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    SettingsReader reader = new SettingsReader(config, environment, false);
    Set<String> problems = new LinkedHashSet<>(reader.problems());
    problems.addAll(RouteCheck.problems(reader));
    PrintWriter out = spec.commandLine().getOut();
    if (problems.isEmpty()) {
      report(reader.settings(), reader.routes(), out);
    } else {
      problems.forEach(out::println);
    }
    out.flush();
    return problems.isEmpty() ? 0 : 1;
  }

  private static void report(Settings settings, RouteFiles routes, PrintWriter out) {
    out.printf(
        "ok: %s, %s, %s, %s%n",
        count(routes.files().size(), "route file"),
        count(routes.connectors().size(), "connector"),
        count(settings.organizations().size(), "organization"),
        count(settings.sources().values().stream().mapToInt(Map::size).sum(), "source"));
    Collection<Organization> organizations = new TreeMap<>(settings.organizations()).values();
    routes
        .connectors()
        .forEach(
            connector ->
                out.println(connector.name() + ": " + subscribed(connector, organizations)));
    new TreeSet<>(routes.polls())
        .forEach(poll -> out.println("poll " + poll + ": " + polled(organizations)));
    settings.warnings().forEach(warning -> out.println("warning: " + warning));
  }

  private static String polled(Collection<Organization> organizations) {
    List<String> yes = new ArrayList<>();
    List<String> no = new ArrayList<>();
    for (Organization org : organizations) {
      if (org.has(Polls.KEY)) {
        yes.add(org.name());
      } else {
        no.add("not " + org.name() + " (" + Polls.KEY + " is not set)");
      }
    }
    return told(yes, no);
  }

  private static String subscribed(
      RouteFiles.Connector connector, Collection<Organization> organizations) {
    List<String> yes = new ArrayList<>();
    List<String> no = new ArrayList<>();
    for (Organization org : organizations) {
      String missing = org.missing(connector.requires());
      if (!connector.orgs().isEmpty() && !connector.orgs().contains(org.name())) {
        no.add("not " + org.name() + " (the route's orgs leave it out)");
      } else if (missing != null) {
        no.add(
            "not "
                + org.name()
                + " ("
                + missing.replaceAll("\\s*\\|\\s*", " or ")
                + " is not set)");
      } else {
        yes.add(org.name());
      }
    }
    return told(yes, no);
  }

  private static String told(List<String> yes, List<String> no) {
    String subscribed = yes.isEmpty() ? "nobody" : String.join(", ", yes);
    return no.isEmpty()
        ? subscribed
        : subscribed + no.stream().collect(Collectors.joining("; ", "; ", ""));
  }

  private static String count(int number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
