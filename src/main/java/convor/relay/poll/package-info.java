/** Reads an API's lists page by page, cursor by cursor, and finds what the webhooks missed. */
package convor.relay.poll;
