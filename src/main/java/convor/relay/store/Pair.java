package convor.relay.store;

/** A connector and an organization: what is claimed, limited, paused and parked as one. */
public record Pair(String connector, String org) {
  @Override
  public String toString() {
    return connector + "/" + org;
  }
}
