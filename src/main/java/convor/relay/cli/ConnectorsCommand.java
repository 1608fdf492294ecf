package convor.relay.cli;

import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code connectors}: who is subscribed to what, what flows and what does not. */
@Command(
    name = "connectors",
    mixinStandardHelpOptions = true,
    description = "Lists each connector for each organization: its state and what it has not done.")
final class ConnectorsCommand extends ClientCommand {
  @Option(names = "--connector", paramLabel = "NAME", description = "Only this connector.")
  private @Nullable String connector;

  @Option(names = "--org", paramLabel = "ORG", description = "Only this organization.")
  private @Nullable String org;

  ConnectorsCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return relay.get("connectors", parameters("connector", connector, "org", org));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table.print(
        out,
        answer.path("connectors"),
        "no connectors",
        "connector",
        "org",
        "state",
        "pending",
        "waiting",
        "running",
        "held",
        "dead",
        "until",
        "reason");
  }
}
