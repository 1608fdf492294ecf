package convor.relay.cli;

import static convor.relay.cli.AdminClient.encoded;
import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pause}: a connector of an organization stops; its events are held. */
@Command(
    name = "pause",
    mixinStandardHelpOptions = true,
    description =
        "Stops a connector for an organization. Its events are held until you resume it; none is lost.")
final class PauseCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "CONNECTOR", description = "For example slack.")
  private String connector = "";

  @Parameters(index = "1", paramLabel = "ORG", description = "The organization.")
  private String org = "";

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for those who see it.")
  private @Nullable String reason;

  PauseCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return relay.post(
        "connectors/" + encoded(connector) + "/" + encoded(org) + "/pause",
        parameters("reason", reason));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(connector + "/" + org + ": " + answer.path("state").asText());
  }
}
