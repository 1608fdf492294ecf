package convor.relay.inbox;

/**
 * How many more attempts of one organization may start, so that a busy one does not take every
 * thread of a connector: after each start it holds at most twice as many threads as are left free.
 * One that holds none may always take a free one, and the only organization of a connector may take
 * all.
 */
final class FairShare {
  private FairShare() {}

  static int take(int organizations, int own, int free) {
    if (organizations == 1) {
      return free;
    }
    int taken = 0;
    while (taken < free && (own + taken == 0 || own + taken + 1 <= 2 * (free - taken - 1))) {
      taken++;
    }
    return taken;
  }
}
