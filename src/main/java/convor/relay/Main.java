package convor.relay;

import convor.relay.cli.Cli;

/** Command line to command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(Cli.commandLine(System.getenv()).execute(args));
  }
}
