package convor.relay.cli;

import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code retry}: what is dead, or waits for a later attempt, is tried now. */
@Command(
    name = "retry",
    mixinStandardHelpOptions = true,
    description = {
      "Tries deliveries again now that are dead, or wait for a later attempt.",
      "Of a paused connector they are held until you resume it."
    },
    footer = {
      "%nExamples:",
      "  retry 42                            event 42, at each connector",
      "  retry 42 --connector slack",
      "  retry --connector slack --org acme  all of them"
    })
final class RetryCommand extends ClientCommand {
  @Parameters(arity = "0..1", paramLabel = "EVENT", description = "The number of one event.")
  private @Nullable Long event;

  @Option(names = "--connector", paramLabel = "NAME", description = "Only at this connector.")
  private @Nullable String connector;

  @Option(names = "--org", paramLabel = "ORG", description = "Only of this organization.")
  private @Nullable String org;

  RetryCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    if (event == null && connector == null && org == null) {
      throw unclear("Say which: EVENT, --connector, --org, or several of them");
    }
    return relay.post(
        "deliveries/retry", parameters("event", event, "connector", connector, "org", org));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println("retried: " + answer.path("retried").asInt());
  }
}
