package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TypePatternsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "* | anything.at-all | true",
        "conversation.closed | conversation.closed | true",
        "conversation.closed | conversation.closed2 | false",
        "conversation.closed | conversationXclosed | false",
        "conversation.* | conversation.closed | true",
        "conversation.* | conversation. | true",
        "conversation.* | conversation | false",
        "*.closed | ticket.closed | true",
        "a*c*e | abcde | true",
        "a*c*e | abde | false",
        "' a.b ,, c.d ' | c.d | true",
        "' a.b ,, c.d ' | a.b | true",
        "' a.b ,, c.d ' | a.b ,, c.d | false",
        "[a-z]+ | abc | false",
        "\\Ea.*\\Q | a. | false",
        "'' | '' | false",
        "* | '' | true",
        "a | A | false",
      })
  void a_type_matches_what_this_says(String patterns, String type, boolean matches) {
    assertThat(TypePatterns.parse(patterns).test(type)).isEqualTo(matches);
  }
}
