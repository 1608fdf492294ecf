package convor.relay.verify;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;

/** How bytes are written as text: a secret in the settings, a signature in its header. */
enum Encoding {
  UTF_8,
  HEX,
  BASE64;

  byte[] decode(String text) {
    return switch (this) {
      case UTF_8 -> text.getBytes(StandardCharsets.UTF_8);
      case HEX -> HexFormat.of().parseHex(text);
      case BASE64 -> Base64.getDecoder().decode(text);
    };
  }

  String encode(byte[] bytes) {
    return switch (this) {
      case UTF_8 -> new String(bytes, StandardCharsets.UTF_8);
      case HEX -> HexFormat.of().formatHex(bytes);
      case BASE64 -> Base64.getEncoder().encodeToString(bytes);
    };
  }
}
