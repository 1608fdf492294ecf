/**
 * From the raw bytes of a request, its headers and the time to a {@link
 * convor.relay.verify.Verdict}. No I/O, no Camel.
 */
package convor.relay.verify;
