package convor.relay.bench;

import java.util.List;

/**
 * What was measured.
 *
 * @param delivering some connectors
 * @param besidePaused as many beside one more that is paused
 * @param besideDead the same ones, by turns, while that one is not: its every call times out
 * @param bytesPerEvent on disk after the receiving, 0 if the store is not a file of ours
 */
public record Report(
    List<Acknowledging> acknowledging,
    Delivering delivering,
    Delivering besidePaused,
    Delivering besideDead,
    long bytesPerEvent) {

  private static double ratio(double one, double other) {
    return other == 0 ? 0 : one / other;
  }

  /**
   * How events were acknowledged.
   *
   * @param what which server, and how it was driven
   * @param cpuMicros of the server's process per event
   * @param allocated bytes of its heap per event
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
      double allocated,
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
          allocated,
          failed,
          ratio(perSecond, floor.perSecond),
          ratio(cpuMicros, floor.cpuMicros));
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
   * @param ofAlone deliveries per second, of those while the dead destination is not called
   * @param delayOfAlone the median delay, likewise
   */
  public record Delivering(
      int connectors,
      int rate,
      int measured,
      double delayP50,
      double delayP99,
      long backlog,
      double perSecond,
      double cpuMicros,
      double ofAlone,
      double delayOfAlone) {

    Delivering comparedWith(Delivering alone) {
      return new Delivering(
          connectors,
          rate,
          measured,
          delayP50,
          delayP99,
          backlog,
          perSecond,
          cpuMicros,
          ratio(perSecond, alone.perSecond),
          ratio(delayP50, alone.delayP50));
    }
  }
}
