package convor.relay.cli;

import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code replay}: what is done or dead is delivered once more. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Delivers once more what is done or dead.",
      "The idempotency key stays: a destination that knows it does nothing twice, any other does it again."
    },
    footer = {
      "%nExamples:",
      "  replay 42                                     event 42, at each connector",
      "  replay 42 --connector slack",
      "  replay --connector reporting --from 1 --to 500"
    })
final class ReplayCommand extends ClientCommand {
  @Parameters(arity = "0..1", paramLabel = "EVENT", description = "The number of one event.")
  private @Nullable Long event;

  @Option(names = "--connector", paramLabel = "NAME", description = "Only at this connector.")
  private @Nullable String connector;

  @Option(names = "--org", paramLabel = "ORG", description = "Only of this organization.")
  private @Nullable String org;

  @Option(names = "--from", paramLabel = "EVENT", description = "The first event of a range.")
  private @Nullable Long from;

  @Option(names = "--to", paramLabel = "EVENT", description = "The last event of a range.")
  private @Nullable Long to;

  ReplayCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    boolean range = from != null && to != null && connector != null;
    if (event == null ? !range : from != null || to != null) {
      throw unclear("Say which: EVENT; or --connector, --from and --to");
    }
    return relay.post(
        "deliveries/replay",
        parameters("event", event, "connector", connector, "org", org, "from", from, "to", to));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println("replayed: " + answer.path("replayed").asInt());
  }
}
