package convor.relay.cli;

import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code deliveries}: what became of events at the connectors. */
@Command(
    name = "deliveries",
    mixinStandardHelpOptions = true,
    description = "Lists what became of events at each connector, newest event first.",
    footer = {
      "%nStates:",
      "  pending   stored, and the connector has not come to it yet",
      "  waiting   tried again at the time shown",
      "  running   being tried",
      "  held      its connector is paused or parked for the organization",
      "  done      delivered",
      "  dead      not tried again unless you say so: retry, replay"
    })
final class DeliveriesCommand extends ClientCommand {
  @Option(names = "--connector", paramLabel = "NAME", description = "Only of this connector.")
  private @Nullable String connector;

  @Option(names = "--org", paramLabel = "ORG", description = "Only of this organization.")
  private @Nullable String org;

  @Option(names = "--state", paramLabel = "STATE", description = "Only in this state; see below.")
  private @Nullable String state;

  @Option(names = "--event", paramLabel = "ID", description = "Only of this event.")
  private @Nullable Long event;

  @Option(names = "--limit", paramLabel = "N", description = "At most so many. Default: 20")
  private int limit = 20;

  @Option(names = "--after", paramLabel = "PLACE", description = "Goes on with the next page.")
  private @Nullable String after;

  DeliveriesCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return relay.get(
        "deliveries",
        parameters(
            "connector",
            connector,
            "org",
            org,
            "state",
            state,
            "event",
            event,
            "limit",
            limit,
            "after",
            after));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    table(answer.path("deliveries"), out);
    more(answer, out);
  }

  static void table(JsonNode deliveries, PrintWriter out) {
    Table.print(
        out,
        deliveries,
        "no deliveries",
        "event",
        "key",
        "type",
        "connector",
        "org",
        "state",
        "attempt",
        "status",
        "dueAt",
        "reason|remoteId");
  }
}
