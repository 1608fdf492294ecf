package convor.relay.cli;

import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParseResult;

/** {@code convor-relay}: the list of commands; without one it runs the relay. */
@Command(
    name = "convor-relay",
    mixinStandardHelpOptions = true,
    versionProvider = Cli.Version.class,
    description = {
      "Takes Convor's support events in and delivers them to the tools that need them.",
      "Without a command it runs the relay."
    },
    synopsisHeading = "%nUsage: ",
    descriptionHeading = "%n",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  java -jar convor-relay.jar sandbox            try it, without accounts",
      "  java -jar convor-relay.jar check              what is wrong with settings and routes",
      "  java -jar convor-relay.jar                    run it, with ./application.properties",
      "  java -jar convor-relay.jar send event.json --org acme",
      "  java -jar convor-relay.jar deliveries --state dead",
      "  java -jar convor-relay.jar retry --connector slack --org acme",
      "",
      "Ends with 0 when all is well, 1 when something failed, 2 when the command was not understood.",
      "`<command> --help` tells more."
    })
public final class Cli extends RunCommand {
  private static final String LOG_LEVEL = "RELAY_LOG_LEVEL";
  private static final int WIDTH = 110;

  private Cli(Map<String, String> environment) {
    super(environment);
  }

  /**
   * The command line of one process.
   *
   * @param environment such as {@link System#getenv()}
   */
  public static CommandLine commandLine(Map<String, String> environment) {
    CommandLine all =
        new CommandLine(new Cli(environment))
            .addSubcommand(new RunCommand(environment))
            .addSubcommand(new SandboxCommand())
            .addSubcommand(new BenchCommand())
            .addSubcommand(new RehearseCommand())
            .addSubcommand(new CheckCommand(environment))
            .addSubcommand(new SendCommand(environment))
            .addSubcommand(new EventsCommand(environment))
            .addSubcommand(new DeliveriesCommand(environment))
            .addSubcommand(new ConnectorsCommand(environment))
            .addSubcommand(new RejectedCommand(environment))
            .addSubcommand(new RetryCommand(environment))
            .addSubcommand(new ReplayCommand(environment))
            .addSubcommand(new PauseCommand(environment))
            .addSubcommand(new ResumeCommand(environment))
            .addSubcommand(CursorsCommand.commandLine(environment))
            .addSubcommand(new PollCommand(environment));
    for (CommandLine command : all.getSubcommands().values()) {
      UsageMessageSpec usage = command.getCommandSpec().usageMessage();
      usage.synopsisHeading("%nUsage: ").descriptionHeading("%n");
      usage.parameterListHeading("%n").optionListHeading("%nOptions:%n");
      usage.commandListHeading("%nCommands:%n");
    }
    return all.setUsageHelpWidth(WIDTH)
        .setExecutionStrategy(Cli::execute)
        .setExecutionExceptionHandler(
            (failure, at, parsed) -> CommandFailed.tell(failure, at.getErr()));
  }

  /** A command that prints to a person does not log among it, unless something is wrong. */
  private static int execute(ParseResult parsed) {
    ParseResult last = parsed.hasSubcommand() ? parsed.subcommand() : parsed;
    Object command = last.commandSpec().userObject();
    boolean serves = command instanceof RunCommand || command instanceof SandboxCommand;
    if (!serves && System.getenv(LOG_LEVEL) == null && System.getProperty(LOG_LEVEL) == null) {
      System.setProperty(LOG_LEVEL, "WARN"); // read by logback.xml, which nothing has loaded yet
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  /** Of the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version =
          Optional.ofNullable(Cli.class.getPackage().getImplementationVersion())
              .orElse("(not from a jar)");
      return new String[] {"convor-relay " + version};
    }
  }
}
