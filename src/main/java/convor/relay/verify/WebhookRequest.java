package convor.relay.verify;

/**
 * A request as it was sent.
 *
 * @param url what the sender signed as the URL, for schemes whose signed content names {@code
 *     {url}}
 * @param body the raw bytes, before any content decoding; not to be changed afterwards
 */
@SuppressWarnings(
    "ArrayRecordComponent") // the bytes are what is signed; requests are never compared
public record WebhookRequest(String method, String url, HeaderLookup headers, byte[] body) {}
