package convor.relay.poll;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The parameters of the shipped template with their defaults. */
final class Parameters {
  private Parameters() {}

  /** Name and value in turn win over the defaults. */
  static Map<String, String> with(String... pairs) {
    Map<String, String> parameters = new TreeMap<>();
    for (Object parameter : list(map(map(template()).get("routeTemplate")).get("parameters"))) {
      Map<?, ?> one = map(parameter);
      if (one.get("defaultValue") != null) {
        parameters.put(String.valueOf(one.get("name")), String.valueOf(one.get("defaultValue")));
      }
    }
    for (int i = 0; i < pairs.length; i += 2) {
      parameters.put(pairs[i], pairs[i + 1]);
    }
    return parameters;
  }

  private static Object template() {
    try {
      String yaml = Files.readString(Path.of("routes/poll.camel.yaml"));
      return list(new Load(LoadSettings.builder().build()).loadFromString(yaml)).get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<?, ?> map(Object node) {
    return (Map<?, ?>) node;
  }

  private static List<?> list(Object node) {
    return (List<?>) node;
  }
}
