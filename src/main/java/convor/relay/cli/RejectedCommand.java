package convor.relay.cli;

import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code rejected}: what was turned away at the door, and why. */
@Command(
    name = "rejected",
    mixinStandardHelpOptions = true,
    description = "Lists the requests that were turned away, newest first, with the reason.")
final class RejectedCommand extends ClientCommand {
  @Option(
      names = "--org",
      paramLabel = "ORG",
      description = "Only of this organization; - for those of none that exists.")
  private @Nullable String org;

  @Option(names = "--limit", paramLabel = "N", description = "At most so many. Default: 20")
  private int limit = 20;

  @Option(names = "--after", paramLabel = "PLACE", description = "Goes on with the next page.")
  private @Nullable String after;

  RejectedCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return relay.get("rejected", parameters("org", org, "limit", limit, "after", after));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table.print(
        out,
        answer.path("rejected"),
        "nothing was rejected",
        "at",
        "org",
        "source",
        "remote",
        "bodyBytes",
        "reason",
        "detail");
    more(answer, out);
  }
}
