package convor.relay;

import convor.relay.cli.Cli;
import convor.relay.cli.RunCommand;

/** Command line to command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    // Making the command line takes a tenth of a second: not for the start of a relay.
    System.exit(
        args.length == 0
            ? RunCommand.run(System.getenv())
            : Cli.commandLine(System.getenv()).execute(args));
  }
}
