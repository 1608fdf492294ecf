package convor.relay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code poll}: a poll of an organization runs now. */
@Command(
    name = "poll",
    mixinStandardHelpOptions = true,
    description = {
      "Polls for an organization now, rather than when its next run is due.",
      "With --once it waits for the end of that run and says what it found."
    })
final class PollCommand extends CursorsCommand.OfOne {
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @Option(names = "--once", description = "Waits for the end of the run.")
  private boolean once;

  PollCommand(Map<String, String> environment) {
    super(environment);
  }

  @Override
  JsonNode ask(AdminClient relay) {
    JsonNode before = row(relay);
    JsonNode asked = act(relay, "run", Map.of());
    if (!once) {
      return asked;
    }
    for (long waited = 0; waited < PATIENCE.toMillis(); waited += LOOK.toMillis()) {
      JsonNode now = row(relay);
      boolean ran = !now.path("lastRun").equals(before.path("lastRun"));
      if (ran && !now.path("state").asText().equals("running")) {
        return found(before, now);
      }
      pause();
    }
    throw new CommandFailed(named() + ": no run ended within " + PATIENCE.toMinutes() + " minutes");
  }

  private JsonNode found(JsonNode before, JsonNode now) {
    if (!now.path("reason").isNull()) {
      throw new CommandFailed(named() + ": " + now.path("reason").asText());
    }
    return now.deepCopy()
        .<com.fasterxml.jackson.databind.node.ObjectNode>require()
        .put("recordsNow", now.path("records").asLong() - before.path("records").asLong())
        .put("recoveredNow", now.path("recovered").asLong() - before.path("recovered").asLong());
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailed("interrupted");
    }
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    if (answer.has("recordsNow")) {
      out.printf(
          "%s: read %d, recovered %d%n",
          named(), answer.path("recordsNow").asLong(), answer.path("recoveredNow").asLong());
    } else {
      out.println(named() + ": runs now");
    }
  }
}
