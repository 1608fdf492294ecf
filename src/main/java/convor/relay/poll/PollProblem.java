package convor.relay.poll;

/** A parameter, or an API's answer, that is wrong: says what is wrong and what would be right. */
final class PollProblem extends RuntimeException {
  private static final long serialVersionUID = 1;

  PollProblem(String message) {
    super(message);
  }
}
