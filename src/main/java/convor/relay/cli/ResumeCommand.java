package convor.relay.cli;

import static convor.relay.cli.AdminClient.encoded;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code resume}: a connector of an organization goes on. */
@Command(
    name = "resume",
    mixinStandardHelpOptions = true,
    description =
        "Lets a connector of an organization go on that was paused, parked or told to wait.")
final class ResumeCommand extends ClientCommand {
  @Parameters(index = "0", paramLabel = "CONNECTOR", description = "For example slack.")
  private String connector = "";

  @Parameters(index = "1", paramLabel = "ORG", description = "The organization.")
  private String org = "";

  ResumeCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return relay.post(
        "connectors/" + encoded(connector) + "/" + encoded(org) + "/resume", Map.of());
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(connector + "/" + org + ": " + answer.path("state").asText());
  }
}
