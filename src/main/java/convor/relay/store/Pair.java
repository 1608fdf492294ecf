package convor.relay.store;

import java.util.Comparator;

/** A connector and an organization: what is claimed, limited, paused and parked as one. */
public record Pair(String connector, String org) implements Comparable<Pair> {
  /** As the database sorts them. */
  @Override
  public int compareTo(Pair other) {
    return Comparator.comparing(Pair::connector).thenComparing(Pair::org).compare(this, other);
  }

  @Override
  public String toString() {
    return connector + "/" + org;
  }
}
