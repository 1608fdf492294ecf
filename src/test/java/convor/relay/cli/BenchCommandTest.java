package convor.relay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the numbers are there and agree with each other; never how fast. */
class BenchCommandTest {
  private final CommandTester command = new CommandTester(Map.of());

  @Test
  void every_figure_is_there_with_its_ratio_to_the_floor() throws Exception {
    int code =
        command.run(
            "bench --seconds 2 --warm-up 1 --connections 4 --connectors 2 --rate 20 --events-stored 100 --json"
                .split(" "));

    assertThat(code).as(command.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(command.out());
    JsonNode acknowledging = report.path("acknowledging");
    assertThat(acknowledging.findValuesAsText("what"))
        .containsExactly(
            "verification only",
            "group commit alone",
            "relay",
            "relay, 20/s",
            "relay delivering, 20/s",
            "relay delivering");
    JsonNode floor = acknowledging.get(1);
    for (JsonNode one : acknowledging) {
      assertThat(one.path("failed").asLong()).as("%s", one).isZero();
      assertThat(one.path("perSecond").asDouble()).as("%s", one).isPositive();
      assertThat(one.path("cpuMicros").asDouble()).as("%s", one).isPositive();
      assertThat(one.path("allocated").asDouble()).as("%s", one).isGreaterThan(1024); // the body
      assertThat(one.path("p50").asDouble())
          .as("%s", one)
          .isPositive()
          .isLessThanOrEqualTo(one.path("p99").asDouble());
      assertThat(one.path("p99").asDouble())
          .as("%s", one)
          .isLessThanOrEqualTo(one.path("p999").asDouble());
      assertThat(one.path("ofFloor").asDouble() * floor.path("perSecond").asDouble())
          .as("%s", one)
          .isCloseTo(
              one.path("perSecond").asDouble(), org.assertj.core.data.Percentage.withPercentage(1));
    }
    assertThat(acknowledging.get(3).path("perSecond").asDouble()).isEqualTo(20);
    JsonNode delivering = report.path("delivering");
    assertThat(delivering.path("connectors").asInt()).isEqualTo(2);
    assertThat(delivering.path("measured").asInt()).isEqualTo(40);
    assertThat(delivering.path("delayP50").asDouble())
        .isLessThanOrEqualTo(delivering.path("delayP99").asDouble());
    assertThat(delivering.path("backlog").asLong()).isNotNegative();
    JsonNode paused = report.path("besidePaused");
    JsonNode dead = report.path("besideDead");
    assertThat(paused.path("measured").asInt()).isEqualTo(40);
    assertThat(dead.path("measured").asInt()).isEqualTo(40);
    assertThat(dead.path("ofAlone").asDouble() * paused.path("perSecond").asDouble())
        .isCloseTo(dead.path("perSecond").asDouble(), within(1e-6));
    assertThat(dead.path("delayOfAlone").asDouble() * paused.path("delayP50").asDouble())
        .isCloseTo(dead.path("delayP50").asDouble(), within(1e-6));
    assertThat(report.path("bytesPerEvent").asLong()).isGreaterThan(1024);
  }

  @Test
  void one_store_for_all_parts_takes_the_events_of_each(@TempDir Path folder) throws Exception {
    String store = "--store=jdbc:h2:file:" + folder.resolve("bench");
    String rest = "--seconds 1 --warm-up 0 --connections 4 --connectors 0 --rate 20 --json";
    int code = command.run(("bench " + store + " " + rest).split(" "));

    assertThat(code).as(command.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(command.out());
    for (JsonNode one : report.path("acknowledging")) {
      assertThat(one.path("failed").asLong()).as("%s", one).isZero();
    }
  }

  @Test
  void a_value_out_of_bounds_is_told_with_the_bounds() {
    assertThat(command.run("bench", "--connections", "0")).isEqualTo(2);
    assertThat(command.err()).contains("--connections=0: it is 1 to 1000");
  }
}
