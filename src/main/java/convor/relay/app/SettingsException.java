package convor.relay.app;

import java.util.List;

/**
 * The settings cannot be used. Says everything that is wrong at once, one line each, and no secret.
 */
public final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  SettingsException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** Each {@code key: what is wrong; what would be right}, or {@code file:line: what is wrong}. */
  public List<String> problems() {
    return problems;
  }
}
