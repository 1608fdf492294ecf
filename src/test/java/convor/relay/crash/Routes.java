package convor.relay.crash;

import convor.relay.testing.Destination;

/** Connectors of the crash tests. */
public final class Routes {
  private Routes() {}

  /** For a destination that knows idempotency keys; {@code before} and {@code after} are steps. */
  static String keyed(Destination destination, String before, String after) {
    return keyed("keyed", "concurrency: 16", destination, before, after);
  }

  /** The same under a name of its own, with an attempt that is shorter than a short lease. */
  public static String keyed(String name, Destination destination) {
    return keyed(name, "concurrency: 16, timeout: 5s", destination, "", "");
  }

  private static String keyed(
      String name, String pace, Destination destination, String before, String after) {
    return """
    - route:
        id: %s
        from:
          uri: inbox:%s
          parameters: {startFrom: earliest, %s}
          steps:
    %s        - setBody: {jq: .id}
            - convertBodyTo: {type: String}
            - setHeader: {name: Idempotency-Key, simple: "${header.RelayIdempotencyKey}"}
            - setHeader: {name: X-Attempt, simple: "${header.RelayAttempt}"}
            - setHeader: {name: X-Outcome-Unknown, simple: "${header.RelayOutcomeUnknown}"}
            - to: {uri: "http://%s/keyed"}
    %s"""
        .formatted(name, name, pace, before, destination.address(), after);
  }

  /** For one that does not: it is not called again where an earlier call may have arrived. */
  static String once(Destination destination) {
    return """
    - route:
        id: once
        from:
          uri: inbox:once
          parameters: {startFrom: earliest, concurrency: 4}
          steps:
            - choice:
                when:
                  - simple: "${header.RelayOutcomeUnknown} == true"
                    steps:
                      - setHeader: {name: RelayOutcome, constant: dead}
                      - setHeader: {name: RelayReason, constant: may have been posted}
                otherwise:
                  steps:
                    - setBody: {jq: .id}
                    - convertBodyTo: {type: String}
                    - setHeader: {name: Idempotency-Key, simple: "${header.RelayIdempotencyKey}"}
                    - to: {uri: "http://%s/once"}
    """
        .formatted(destination.address());
  }

  /** A route file that makes {@link #HALT} known. */
  static final String HALT_BEAN =
      """
      - beans:
          - name: halt
            type: convor.relay.crash.HaltOnce
      """;

  /** A step: the process is killed here, once. */
  static final String HALT = "        - process: {ref: halt}\n";
}
