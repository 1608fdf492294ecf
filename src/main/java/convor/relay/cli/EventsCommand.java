package convor.relay.cli;

import static convor.relay.cli.AdminClient.parameters;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code events}: what came in; or all about one of them. */
@Command(
    name = "events",
    mixinStandardHelpOptions = true,
    description = "Lists stored events, newest first; or shows one with its body and deliveries.",
    footer = {
      "%nExamples:",
      "  events --org acme --type 'conversation.*'",
      "  events --key evt_1                did it arrive?",
      "  events 42                         the whole event"
    })
final class EventsCommand extends ClientCommand {
  @Parameters(arity = "0..1", paramLabel = "ID", description = "The number of one event.")
  private @Nullable Long id;

  @Option(names = "--org", paramLabel = "ORG", description = "Only of this organization.")
  private @Nullable String org;

  @Option(names = "--source", paramLabel = "NAME", description = "Only from this source.")
  private @Nullable String source;

  @Option(names = "--type", paramLabel = "TYPE", description = "Only of this type; * is anything.")
  private @Nullable String type;

  @Option(names = "--key", paramLabel = "KEY", description = "Only with this key (Convor's id).")
  private @Nullable String key;

  @Option(names = "--limit", paramLabel = "N", description = "At most so many. Default: 20")
  private int limit = 20;

  @Option(names = "--after", paramLabel = "PLACE", description = "Goes on with the next page.")
  private @Nullable String after;

  EventsCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    return id != null
        ? relay.get("events/" + id, Map.of())
        : relay.get(
            "events",
            parameters(
                "org", org, "source", source, "type", type, "key", key, "limit", limit, "after",
                after));
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    if (id == null) {
      Table.print(
          out,
          answer.path("events"),
          "no events",
          "id",
          "receivedAt",
          "org",
          "source",
          "type",
          "subject",
          "key");
      more(answer, out);
      return;
    }
    for (String field :
        new String[] {"id", "org", "source", "key", "type", "subject", "version", "receivedAt"}) {
      out.printf("%-11s %s%n", field, Table.clean(answer.path(field).asText()));
    }
    out.println();
    out.println(Table.clean(answer.path("body").asText(answer.path("bodyBase64").asText())));
    out.println();
    DeliveriesCommand.table(answer.path("deliveries"), out);
    for (JsonNode delivery : answer.path("deliveries")) {
      if (!delivery.path("excerpt").asText("").isEmpty() && !delivery.path("excerpt").isNull()) {
        out.printf(
            "%n%s answered: %s%n",
            delivery.path("connector").asText(), Table.clean(delivery.path("excerpt").asText()));
      }
    }
  }
}
