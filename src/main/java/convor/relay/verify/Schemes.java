package convor.relay.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/**
 * The schemes that ship, one file each under {@code schemes/}; the file names the sender's page it
 * is taken from.
 */
public final class Schemes {
  private static final List<String> NAMES =
      List.of(
          "convor",
          "standard-webhooks",
          "github",
          "stripe",
          "slack",
          "shopify",
          "zendesk",
          "intercom",
          "linear",
          "chatwoot");
  private static final Set<String> ENTRY_NAMES = entryNamesRead();

  private Schemes() {}

  /**
   * The scheme of that name with some of its entries replaced, or unset where the replacement is
   * empty.
   *
   * @throws IllegalArgumentException if no scheme has that name, or as {@link Scheme#of} does
   */
  public static Scheme named(String name, Map<String, String> overrides) {
    if (!NAMES.contains(name)) {
      throw new IllegalArgumentException(
          "scheme = " + name + ": must be one of " + String.join(", ", NAMES));
    }
    Properties file = new Properties();
    try (InputStream in = Schemes.class.getResourceAsStream("schemes/" + name + ".properties")) {
      if (in == null) {
        throw new IllegalStateException("the scheme " + name + " is missing in the jar");
      }
      file.load(new InputStreamReader(in, UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> entries = new HashMap<>();
    file.stringPropertyNames().forEach(entry -> entries.put(entry, file.getProperty(entry)));
    entries.putAll(overrides);
    return Scheme.of(name, entries);
  }

  /** The names of all schemes. */
  public static List<String> names() {
    return NAMES;
  }

  /** The names of all entries, any of which can be overridden. {@link Scheme} explains them. */
  public static Set<String> entryNames() {
    return ENTRY_NAMES;
  }

  private static Set<String> entryNamesRead() {
    Entries none = new Entries(Map.of());
    Scheme.read("", none);
    return Set.copyOf(none.names());
  }
}
