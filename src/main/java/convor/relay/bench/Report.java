package convor.relay.bench;

import java.util.List;

/**
 * What was measured.
 *
 * @param bytesPerEvent on disk after the receiving, 0 if the store is not a file of ours
 */
public record Report(List<Acknowledging> acknowledging, Delivering delivering, long bytesPerEvent) {

  /**
   * How events were acknowledged.
   *
   * @param what which server, and how it was driven
   * @param cpuMicros of the server's process per event
   * @param ofFloor events per second, of those that the same store takes with group commit alone
   * @param cpuOfFloor processor time, likewise
   */
  public record Acknowledging(
      String what,
      double perSecond,
      double p50,
      double p99,
      double p999,
      double cpuMicros,
      long failed,
      double ofFloor,
      double cpuOfFloor) {

    Acknowledging comparedWith(Acknowledging floor) {
      return new Acknowledging(
          what,
          perSecond,
          p50,
          p99,
          p999,
          cpuMicros,
          failed,
          ratio(perSecond, floor.perSecond),
          ratio(cpuMicros, floor.cpuMicros));
    }

    private static double ratio(double one, double other) {
      return other == 0 ? 0 : one / other;
    }
  }

  /**
   * How events were delivered.
   *
   * @param connectors subscribed to each event
   * @param rate events per second while the delay was measured
   * @param delayP50 milliseconds from the acknowledgement to the receipt by the destination
   * @param backlog deliveries that a burst left behind
   * @param perSecond deliveries while that was worked off
   * @param cpuMicros of the relay's process per delivery then
   */
  public record Delivering(
      int connectors,
      int rate,
      int measured,
      double delayP50,
      double delayP99,
      long backlog,
      double perSecond,
      double cpuMicros) {}
}
