package convor.relay.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BodiesTest {
  private static final String FORM = "application/x-www-form-urlencoded";

  private static String read(String body, String contentType) throws IOException {
    return Bodies.json(body.getBytes(UTF_8), contentType).toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a=1&b=2 | {\"a\":\"1\",\"b\":\"2\"}",
        "a=h%C3%A9+x%26y | {\"a\":\"hé x&y\"}",
        "a=1&a=2&a=3 | {\"a\":[\"1\",\"2\",\"3\"]}",
        "a&b=&=c&&d==e | {\"a\":\"\",\"b\":\"\",\"\":\"c\",\"d\":\"=e\"}",
        "payload=%7B%22type%22%3A%22x%22%7D&z=1 | {\"payload\":{\"type\":\"x\"},\"z\":\"1\"}",
        "payload=%5B1%5D | {\"payload\":[1]}",
        "payload=%7Bbroken | {\"payload\":\"{broken\"}",
        "payload=7 | {\"payload\":\"7\"}",
        "a=%zz | \"a=%zz\"",
        "`` | {}",
      })
  void a_form_is_an_object_of_its_fields(String form, String tree) throws IOException {
    assertThat(read(form, FORM)).isEqualTo(tree);
    assertThat(read(form, FORM.toUpperCase(Locale.ROOT) + "; charset=utf-8")).isEqualTo(tree);
  }

  @Test
  void multipart_is_an_object_of_its_text_fields() throws IOException {
    String body =
        """
        preamble
        --b0
        Content-Disposition: form-data; name="text"

        two
        lines, h\u00e9
        --b0
        content-disposition: form-data; name="payload"
        Content-Type: application/json

        {"type":"x"}
        --b0
        Content-Disposition: form-data; name="file"; filename="a.txt"

        not this
        --b0
        Content-Disposition: form-data

        nor this, it has no name
        --b0
        no head
        --b0--
        Content-Disposition: form-data; name="after"

        the end
        """
            .replace("\n", "\r\n");
    String tree = "{\"text\":\"two\\r\\nlines, h\u00e9\",\"payload\":{\"type\":\"x\"}}";
    assertThat(read(body, "multipart/form-data; boundary=b0")).isEqualTo(tree);
    assertThat(read(body, "Multipart/Form-Data; charset=x; boundary=\"b0\"")).isEqualTo(tree);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "text/plain",
        "",
        ";",
        "x/y;;"
      })
  void anything_else_is_a_text(String contentType) throws IOException {
    JsonNode tree = Bodies.json("a=1".getBytes(UTF_8), contentType);
    assertThat(tree.isTextual()).isTrue();
    assertThat(tree.asText()).isEqualTo("a=1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"multipart/form-data; boundary=b", "multipart/form-data; boundary=.*("})
  void broken_multipart_is_an_object_without_fields(String contentType) throws IOException {
    for (String body : new String[] {"", "--b", "--b--", "--b\r\n", "--b\r\n\r\n\r\n", "x"}) {
      assertThat(read(body, contentType)).isEqualTo("{}");
    }
  }

  @Test
  void bytes_that_are_no_text_are_a_text_all_the_same() throws IOException {
    byte[][] bytes = {
      {},
      {0},
      {(byte) 0xff, (byte) 0xfe},
      {0, 0, (byte) 0xfe, (byte) 0xff},
      {0, 0, 0, '{'},
      {'{', 0, 0, 0, 1, 2, 3, 4},
      {(byte) 0xc3},
      {'"', (byte) 0x80, '"'}
    };
    for (byte[] body : bytes) {
      assertThat(Bodies.json(body, null).isTextual()).isTrue();
      assertThatThrownBy(() -> Bodies.json(body, "application/json"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("JSON");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"})
  void what_is_called_json_must_be_it(String contentType) throws IOException {
    assertThat(read(" [1] ", contentType)).isEqualTo("[1]");
    assertThatThrownBy(() -> read("{\"a\":\n !}", contentType))
        .hasMessage("not JSON of at most 100 levels, at line 2, column 2");
    assertThatThrownBy(() -> read("7", contentType)).hasMessage("not a JSON object or array");
  }
}
