package convor.relay.sandbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something that a pretend destination did.
 *
 * @param kind note, contact, contact-update, ticket, issue or message
 * @param id that the destination gave it
 * @param account whose it is: the user of the credentials, or a short hash of them
 * @param marker by which the relay's event is found in it: a ticket's external id, an issue's
 *     {@code relay-…} label, the first {@code relay-…} in a note or message, a contact's email;
 *     null when there is none
 */
public record Effect(Instant at, String kind, String id, String account, @Nullable String marker) {

  /** Whether doing it again does harm: writing the same contact twice does not. */
  boolean creates() {
    return !kind.equals("contact-update");
  }
}
