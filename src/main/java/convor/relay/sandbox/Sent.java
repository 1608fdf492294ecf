package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.stream.Stream;

/**
 * An event that the pretend Convor made, to be sent.
 *
 * @param number in the order of sending; copies of one event have their own
 * @param about the id of its conversation, visitor or contact
 * @param state {@code sending}, {@code accepted}, {@code given up}, or {@code lost}: it was never
 *     sent, see {@link PretendConvor#loseEvery}
 * @param attempts requests made so far
 * @param status last answered; 0 when there was no answer
 * @param answer its first 200 characters, or why there was none
 */
public record Sent(
    long number,
    String id,
    String type,
    String org,
    String about,
    Instant at,
    String state,
    int attempts,
    int status,
    String answer) {

  static Sent first(long number, String org, JsonNode event, Instant at) {
    JsonNode data = event.path("data");
    String about =
        Stream.of("conversation", "visitor", "contact")
            .map(kind -> data.path(kind).path("id").asText())
            .filter(id -> !id.isEmpty())
            .findFirst()
            .orElse("");
    String id = event.path("id").asText();
    return new Sent(number, id, event.path("type").asText(), org, about, at, "sending", 0, 0, "");
  }

  Sent lost() {
    return new Sent(number, id, type, org, about, at, "lost", 0, 0, "");
  }

  Sent answered(int newStatus, String newAnswer, boolean last) {
    String next = newStatus / 100 == 2 ? "accepted" : last ? "given up" : "sending";
    String excerpt = newAnswer.length() > 200 ? newAnswer.substring(0, 200) : newAnswer;
    return new Sent(number, id, type, org, about, at, next, attempts + 1, newStatus, excerpt);
  }
}
