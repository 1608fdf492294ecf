package convor.relay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that asks a running relay and prints its answer. */
abstract class ClientCommand implements Callable<Integer> {
  @Mixin private final AdminClient relay;
  @Spec private CommandSpec spec = CommandSpec.create();

  ClientCommand(Map<String, String> environment) {
    this.relay = new AdminClient(environment);
  }

  /** Calls the relay. */
  abstract JsonNode ask(AdminClient relay);

  /** Prints the answer for a person. */
  abstract void print(JsonNode answer, PrintWriter out);

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    JsonNode answer = ask(relay);
    if (relay.raw()) {
      out.println(answer.toPrettyString());
    } else {
      print(answer, out);
    }
    out.flush();
    return 0;
  }

  /** The command was not understood. */
  ParameterException unclear(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** How to see the rest of a list. */
  static void more(JsonNode answer, PrintWriter out) {
    String next = answer.path("next").asText("");
    if (answer.path("next").isTextual()) {
      out.println("there is more: --after " + next);
    }
  }
}
