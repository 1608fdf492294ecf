package convor.relay.store;

import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A page of an API's list, and the place behind it.
 *
 * @param records in the order of the page
 * @param after where the next page begins
 * @param covers what a stored event tells of: versions of things, as {@link PolledRecord#version}
 */
public record PolledPage(
    CursorLease lease,
    List<PolledRecord> records,
    CursorPlace after,
    Function<Event, Set<String>> covers) {

  public PolledPage {
    records = List.copyOf(records);
  }

  /**
   * A record of the page.
   *
   * @param event that tells of it, if no stored event does
   * @param version of which thing it is which version, such as {@code conversation/c_1@2026…}
   * @param young it may be too early to miss the webhook: it is not judged yet
   */
  public record PolledRecord(Event event, String version, boolean young) {}
}
