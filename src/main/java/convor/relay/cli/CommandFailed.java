package convor.relay.cli;

/** A command could not do what it should; the message is all that is printed. */
final class CommandFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CommandFailed(String message) {
    super(message, null, false, false);
  }
}
