package convor.relay;

import convor.relay.cli.Cli;
import java.util.Map;
import picocli.CommandLine;

/** Command line to command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    Map<String, String> environment = System.getenv();
    CommandLine command = args.length == 0 ? Cli.run(environment) : Cli.commandLine(environment);
    System.exit(command.execute(args));
  }
}
