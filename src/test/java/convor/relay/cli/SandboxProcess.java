package convor.relay.cli;

import convor.relay.sandbox.Destination;
import java.io.IOException;
import java.nio.file.Path;

/** A sandbox in this process, for tests of its page. */
public final class SandboxProcess implements AutoCloseable {
  private final Sandbox sandbox;

  public SandboxProcess(Path routes) throws IOException {
    sandbox = new Sandbox(0, 0, routes);
  }

  /** The page's address, with the token. */
  public String page() {
    return sandbox.page();
  }

  /** The base URL of Convor's API. */
  public String api() {
    return sandbox.destinations().url(Destination.CONVOR);
  }

  @Override
  public void close() {
    sandbox.close();
  }
}
