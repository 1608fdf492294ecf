package convor.relay.cli;

import convor.relay.app.RouteCheck;
import convor.relay.app.Settings;
import convor.relay.app.SettingsReader;
import convor.relay.app.Wiring;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code run}: the relay, until it is told to stop. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the relay until it is told to stop (the default).",
      "Ends at once, with one line for each problem, if the settings or a route file are wrong."
    })
public class RunCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "application.properties",
      description = "The settings. Default: ${DEFAULT-VALUE}")
  private Path config = Path.of("application.properties");

  /**
   * A command for one run.
   *
   * @param environment such as {@link System#getenv()}
   */
  public RunCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** What the command line does without arguments, without the command line. */
  public static int run(Map<String, String> environment) {
    try {
      return new RunCommand(environment).call();
    } catch (Exception failure) {
      return CommandFailed.tell(
          failure, new PrintWriter(System.err, true, Charset.defaultCharset()));
    }
  }

  @Override
  public Integer call() throws Exception {
    SettingsReader reader = new SettingsReader(config, environment, false);
    Settings settings = reader.settings();
    settings.warnings().forEach(LoggerFactory.getLogger(RunCommand.class)::warn);
    ClassArchive.keep();
    try {
      return Wiring.relay(settings, InstantSource.system()).run();
    } catch (Exception failure) {
      // Camel stops at the first problem and says it in its own words.
      List<String> problems = RouteCheck.problems(reader);
      if (problems.isEmpty()) {
        throw failure;
      }
      throw new CommandFailed(String.join(System.lineSeparator(), problems));
    }
  }
}
