/**
 * The benchmark: a relay in a process of its own, the load on it from this one, and the floors that
 * its figures are compared with.
 */
package convor.relay.bench;
