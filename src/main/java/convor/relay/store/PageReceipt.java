package convor.relay.store;

/**
 * What became of a page. Given only after the commit is on disk.
 *
 * @param recovered records that no stored event told of: each is an event now
 * @param known records that a stored event told of
 * @param deferred records that were too young to be missed: the place stays before this page
 * @param lost the run's lease was taken over: nothing was written
 */
public record PageReceipt(int recovered, int known, int deferred, boolean lost) {
  static final PageReceipt LOST = new PageReceipt(0, 0, 0, true);
}
