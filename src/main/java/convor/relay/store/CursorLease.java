package convor.relay.store;

/**
 * The right to run a poll for an organization, alone.
 *
 * @param token with which the run writes; another's means that it was taken over
 * @param place where to go on
 * @param failures consecutive, before this run
 */
public record CursorLease(String poll, String org, long token, CursorPlace place, int failures) {}
