package convor.relay.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import picocli.CommandLine;

/** Runs commands in this process as the command line would, and keeps what they print. */
final class CommandTester {
  private final Map<String, String> environment;
  private StringWriter out = new StringWriter();
  private StringWriter err = new StringWriter();

  CommandTester(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Runs one; returns its exit code. */
  int run(String... arguments) {
    out = new StringWriter();
    err = new StringWriter();
    CommandLine all = Cli.commandLine(environment);
    return all.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
  }

  String out() {
    return out.toString();
  }

  String err() {
    return err.toString();
  }
}
