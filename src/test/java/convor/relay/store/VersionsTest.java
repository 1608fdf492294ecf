package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VersionsTest {
  @ParameterizedTest
  @CsvSource({
    "2026-11-23T10:00:00Z, 2026-11-23T10:00:00.5Z, true", // by their letters it would be the other
    // way round
    "2026-11-23T10:00:00+02:00, 2026-11-23T09:00:00Z, true",
    "2026-11-23T10:00:00Z, 2026-11-23T12:00:00+02:00, false",
    "9, 10, true",
    "1732356000.5, 1732356000, false",
    "9, 2026-11-23T10:00:00Z, false",
    "a, b, false",
  })
  void versions_are_compared_as_times_or_numbers(String version, String than, boolean older) {
    assertThat(Versions.isOlder(version, than)).isEqualTo(older);
  }
}
