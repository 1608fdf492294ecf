package convor.relay.cli;

import convor.relay.sandbox.Destination;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;

/**
 * {@code rehearse}: all that a relay does once, so that the JVM can note which classes that takes.
 */
@Command(
    name = "rehearse",
    mixinStandardHelpOptions = true,
    description = {
      "Starts a sandbox, delivers one event of each type, and ends.",
      "What the JVM loads meanwhile can be archived for a faster start: see docs/operations.md."
    },
    footer = {
      "%nExample:",
      "  java -XX:ArchiveClassesAtExit=convor-relay.jsa -jar convor-relay.jar rehearse"
    })
final class RehearseCommand implements Callable<Integer> {
  private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (Sandbox sandbox = new Sandbox(0, 0, null)) {
      sandbox.sendOneOfEach();
      long until = System.nanoTime() + PATIENCE_NS;
      while (!wereAllCalled(sandbox)) {
        if (System.nanoTime() - until > 0) {
          throw new CommandFailed("not all of the pretend destinations were called");
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
      return 0;
    }
  }

  private static boolean wereAllCalled(Sandbox sandbox) {
    return Arrays.stream(Destination.values())
        .allMatch(destination -> sandbox.destinations().counts(destination).calls() > 0);
  }
}
