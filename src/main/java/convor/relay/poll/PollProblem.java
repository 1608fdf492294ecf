package convor.relay.poll;

/**
 * An answer that cannot be taken for a page: says what is wrong with it and what would be right.
 */
final class PollProblem extends RuntimeException {
  private static final long serialVersionUID = 1;

  PollProblem(String message) {
    super(message);
  }
}
