package convor.relay.verify;

import org.jspecify.annotations.Nullable;

/** The headers of a request. */
@FunctionalInterface
public interface HeaderLookup {
  /**
   * The first value of the header of that name, whatever the case of its letters; null if it was
   * not sent. One char per byte sent (ISO-8859-1), as HTTP servers hand headers over.
   */
  @Nullable String get(String name);
}
