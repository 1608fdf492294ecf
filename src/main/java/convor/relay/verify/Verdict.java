package convor.relay.verify;

import org.jspecify.annotations.Nullable;

/** What {@link Verifier} made of a request. */
public sealed interface Verdict {
  /** The longest {@link Verified#key} and {@link Verified#subject}, in characters. */
  int MAX_KEY = 255;

  /** The longest {@link Verified#type} and {@link Verified#version}, in characters. */
  int MAX_TYPE = 128;

  /**
   * An event of the source. No text here has a control character or half a surrogate pair.
   *
   * @param key what makes the event one event: only from what the signature covers
   * @param subject what the event is about, as in {@code conversation/c_1}; null if the body does
   *     not say
   * @param version the state of the subject, as in its {@code updated_at}; null if the body does
   *     not say
   * @param secretIndex which of the source's secrets matched, from 0
   * @param displayedId an id header that the signature does not cover: for people to read, never a
   *     key
   */
  record Verified(
      String key,
      String type,
      @Nullable String subject,
      @Nullable String version,
      int secretIndex,
      @Nullable String displayedId)
      implements Verdict {}

  /**
   * Not an event of the source.
   *
   * @param detail one sentence for the log of rejected requests, and for the answers 400 and 403;
   *     holds no secret, no signature and nothing of the body
   */
  record Rejected(Reason reason, String detail) implements Verdict {}
}
