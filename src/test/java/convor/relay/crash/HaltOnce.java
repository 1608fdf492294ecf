package convor.relay.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;

/**
 * A step of a test's route, run in the relay's process: the process ends here as by {@code kill
 * -9}, once, if the file {@code halt} is in its folder.
 */
public final class HaltOnce implements Processor {
  static final int KILLED = 137;

  @Override
  public void process(Exchange exchange) throws IOException {
    if (Files.deleteIfExists(Path.of("halt"))) {
      Runtime.getRuntime().halt(KILLED);
    }
  }
}
