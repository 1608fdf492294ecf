/** A pretend Convor and pretend destinations, for trying routes without accounts. */
@NullMarked
package convor.relay.sandbox;

import org.jspecify.annotations.NullMarked;
