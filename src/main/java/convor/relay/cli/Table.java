package convor.relay.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Rows of JSON in aligned columns. Each column is the field of that name; `a|b` the first set. */
final class Table {
  private static final int WIDEST = 48;
  private static final int LAST = 160;
  private static final String GAP = "  ";

  private Table() {}

  static void print(PrintWriter out, JsonNode rows, String empty, String... columns) {
    if (rows.isEmpty()) {
      out.println(empty);
      return;
    }
    int last = columns.length - 1;
    List<List<String>> lines = new ArrayList<>();
    lines.add(Stream.of(columns).map(Table::heading).toList());
    for (JsonNode row : rows) {
      lines.add(
          IntStream.rangeClosed(0, last)
              .mapToObj(i -> cut(cell(row, columns[i]), i < last ? WIDEST : LAST))
              .toList());
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < last; i++) {
        int column = i;
        int width = lines.stream().mapToInt(cells -> cells.get(column).length()).max().orElse(0);
        text.append(line.get(i)).append(" ".repeat(width - line.get(i).length())).append(GAP);
      }
      out.println(text.append(line.get(last)).toString().stripTrailing());
    }
  }

  private static String heading(String column) {
    String name = column.split("\\|", 2)[0];
    return name.replaceAll("([A-Z])", " $1").toUpperCase(Locale.ROOT);
  }

  /** What others wrote, without what a terminal would obey. */
  static String clean(String text) {
    return text.replaceAll("[\\p{Cntrl}\\p{Cf}&&[^\\n]]", " ");
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length - 1) + "…";
  }

  private static String cell(JsonNode row, String column) {
    for (String field : column.split("\\|", -1)) {
      JsonNode value = row.path(field);
      if (!value.isNull() && !value.isMissingNode()) {
        String text = clean(shortTime(value.asText())).replace('\n', ' ');
        return text;
      }
    }
    return "-";
  }

  private static String shortTime(String text) {
    if (text.length() < 20 || text.charAt(10) != 'T' || !text.endsWith("Z")) {
      return text;
    }
    try {
      return Instant.parse(text).truncatedTo(ChronoUnit.SECONDS).toString();
    } catch (DateTimeParseException e) {
      return text;
    }
  }
}
