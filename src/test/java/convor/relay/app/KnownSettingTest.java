package convor.relay.app;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.verify.Schemes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class KnownSettingTest {
  @Test
  void the_documentation_has_the_table_of_settings() throws IOException {
    assertThat(Files.readString(Path.of("docs/settings.md"))).contains(KnownSetting.markdown());
  }

  @Test
  void every_default_is_of_its_kind() {
    assertThat(KnownSetting.TABLE)
        .filteredOn(known -> known.byDefault() != null)
        .isNotEmpty()
        .allSatisfy(known -> assertThat(known.kind().parse(known.byDefault())).isNotNull());
  }

  @Test
  void no_entry_of_a_scheme_hides_a_setting_of_a_source() {
    assertThat(Schemes.entryNames())
        .doesNotContain("scheme", "secrets", "require-timestamp", "organization");
  }
}
