package convor.relay.cli;

import static convor.relay.cli.AdminClient.encoded;
import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cursors}: where each poll is; with a subcommand, what is done to one. */
@Command(
    name = "cursors",
    mixinStandardHelpOptions = true,
    description = {
      "Lists each poll of each organization: where it is, what it found, when it runs again.",
      "Polls are the route files that are made of the template `poll`."
    })
final class CursorsCommand extends ClientCommand {
  @Option(names = "--poll", paramLabel = "NAME", description = "Only this poll.")
  private @Nullable String poll;

  @Option(names = "--org", paramLabel = "ORG", description = "Only this organization.")
  private @Nullable String org;

  private CursorsCommand(Map<String, String> environment) {
    super(environment);
  }

  static CommandLine commandLine(Map<String, String> environment) {
    return new CommandLine(new CursorsCommand(environment))
        .addSubcommand(new Reset(environment))
        .addSubcommand(new Pause(environment))
        .addSubcommand(new Resume(environment));
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return relay.get("cursors", parameters("poll", poll, "org", org));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    table(out, answer.path("cursors"));
  }

  private static void table(PrintWriter out, JsonNode rows) {
    Table.print(
        out,
        rows,
        "no polls: no organization has an api.key, or no route file is made of the template `poll`",
        "poll",
        "org",
        "state",
        "position",
        "highWater",
        "lastRun",
        "nextRun",
        "records",
        "recovered",
        "reason");
  }

  /** What is done to one poll of one organization. */
  abstract static class OfOne extends ClientCommand {
    @Option(names = "--poll", required = true, paramLabel = "NAME", description = "The poll.")
    private String poll = "";

    @Option(names = "--org", required = true, paramLabel = "ORG", description = "The organization.")
    private String org = "";

    OfOne(Map<String, String> environment) {
      super(environment);
    }

    JsonNode act(AdminClient relay, String action, Map<String, Object> body) {
      return relay.post("cursors/" + encoded(poll) + "/" + encoded(org) + "/" + action, body);
    }

    String named() {
      return poll + "/" + org;
    }

    /** The row of it. */
    JsonNode row(AdminClient relay) {
      return relay.get("cursors", parameters("poll", poll, "org", org)).path("cursors").path(0);
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      out.println(named() + ": " + answer.path("state").asText());
    }
  }

  @Command(
      name = "reset",
      mixinStandardHelpOptions = true,
      description = {
        "Begins again at another place, now. What was stored before is known: it is not delivered twice.",
        "From an earlier place, what no webhook brought becomes events, however old: it asks first."
      })
  private static final class Reset extends OfOne {
    @Option(
        names = "--to",
        required = true,
        paramLabel = "PLACE",
        description = "beginning, a time such as 2026-01-31T00:00:00Z or 2026-01-31, or a cursor.")
    private String to = "";

    @Option(
        names = {"-y", "--yes"},
        description = "Does not ask.")
    private boolean yes;

    @Spec private CommandSpec spec = CommandSpec.create();

    Reset(Map<String, String> environment) {
      super(environment);
    }

    @Override
    JsonNode ask(AdminClient relay) {
      if (!yes && !agreed(row(relay))) {
        throw new CommandFailed("nothing was changed");
      }
      return act(relay, "reset", parameters("to", to));
    }

    private boolean agreed(JsonNode now) {
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "%s is at %s, position %s. Begin again at %s? [y/N] ",
          named(), now.path("highWater").asText("-"), now.path("position").asText("-"), to);
      out.flush();
      try {
        String answer =
            new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()))
                .readLine();
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).startsWith("y");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    void print(JsonNode answer, PrintWriter out) {
      out.println(named() + ": begins at " + to);
    }
  }

  @Command(
      name = "pause",
      mixinStandardHelpOptions = true,
      description = "Polls no more for an organization until you resume it.")
  private static final class Pause extends OfOne {
    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for those who see it.")
    private @Nullable String reason;

    Pause(Map<String, String> environment) {
      super(environment);
    }

    @Override
    JsonNode ask(AdminClient relay) {
      return act(relay, "pause", parameters("reason", reason));
    }
  }

  @Command(
      name = "resume",
      mixinStandardHelpOptions = true,
      description = "Goes on where it was, now: after a pause, or a refusal that is mended.")
  private static final class Resume extends OfOne {
    Resume(Map<String, String> environment) {
      super(environment);
    }

    @Override
    JsonNode ask(AdminClient relay) {
      return act(relay, "resume", Map.of());
    }
  }
}
