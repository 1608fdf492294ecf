package convor.relay.cli;

import convor.relay.app.SettingsException;
import java.io.PrintWriter;

/** A command could not do what it should; the message is all that is printed. */
final class CommandFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int EXIT_CODE = 1;

  CommandFailed(String message) {
    super(message, null, false, false);
  }

  /**
   * Says what is wrong, without a stack trace: one who runs a command is no reader of those.
   *
   * @return the exit code
   */
  static int tell(Exception failure, PrintWriter err) {
    if (failure instanceof SettingsException settings) {
      settings.problems().forEach(err::println);
    } else {
      String message = failure.getMessage();
      err.println(message == null || message.isBlank() ? failure.toString() : message);
    }
    err.flush();
    return EXIT_CODE;
  }
}
