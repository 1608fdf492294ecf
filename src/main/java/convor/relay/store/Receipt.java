package convor.relay.store;

/** What became of an append. Given only after the commit is on disk. */
public enum Receipt {
  STORED,
  /** An event with this (organization, source, key) was committed before. */
  DUPLICATE
}
