package convor.relay.sandbox;

import java.time.Instant;

/**
 * An event that the pretend Convor sent.
 *
 * @param number in the order of sending; copies of one event have their own
 * @param state {@code sending}, {@code accepted} or {@code given up}
 * @param attempts requests made so far
 * @param status last answered; 0 when there was no answer
 * @param answer its first 200 characters, or why there was none
 */
public record Sent(
    long number,
    String id,
    String type,
    String org,
    Instant at,
    String state,
    int attempts,
    int status,
    String answer) {

  Sent answered(int newStatus, String newAnswer, boolean last) {
    String next = newStatus / 100 == 2 ? "accepted" : last ? "given up" : "sending";
    String excerpt = newAnswer.length() > 200 ? newAnswer.substring(0, 200) : newAnswer;
    return new Sent(number, id, type, org, at, next, attempts + 1, newStatus, excerpt);
  }
}
