package convor.relay.poll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import convor.relay.store.CursorPlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a page leads. */
class WalkTest {
  private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");
  private static final Instant T = Instant.parse("2026-11-01T10:00:00Z");

  private static PollSpec spec(String... pairs) {
    String[] all = new String[pairs.length + 8];
    String[] some = {
      "poll", "rows", "path", "/rows?order=time", "subject", "row", "page-size", "2"
    };
    System.arraycopy(some, 0, all, 0, 8);
    System.arraycopy(pairs, 0, all, 8, pairs.length);
    return PollSpec.of(Parameters.with(all));
  }

  /** Records by the minutes after ten. */
  private static Page page(PollSpec spec, String next, boolean more, int... minutes) {
    StringBuilder data = new StringBuilder();
    for (int minute : minutes) {
      data.append(data.isEmpty() ? "" : ",")
          .append(
              "{\"id\":\"r%d\",\"updated_at\":\"%s\"}"
                  .formatted(minute, T.plusSeconds(60L * minute)));
    }
    String answer =
        "{\"data\":[%s],\"next_cursor\":%s,\"has_more\":%s}"
            .formatted(data, next == null ? "null" : "\"" + next + "\"", more);
    return Page.read(json(answer), spec, 2);
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void a_cursor_is_followed_and_the_last_one_kept() {
    PollSpec spec = spec();
    Walk start = Walk.from(spec, CursorPlace.BEGINNING, NOW);
    assertThat(start.query()).isEqualTo("order=time&limit=2");
    assertThat(start.path()).isEqualTo("/rows");
    Walk second = start.behind(page(spec, "a b", true, 1, 2));
    assertThat(second.query()).isEqualTo("order=time&limit=2&cursor=a+b");
    Walk end = second.behind(page(spec, null, false, 3));
    assertThat(end.place()).isEqualTo(new CursorPlace("a b", null, T.plusSeconds(180)));
    assertThat(second.behind(page(spec, "c", false)).place().position()).isEqualTo("c");
  }

  @Test
  void without_a_cursor_the_newest_time_leads_on_and_the_next_run_begins_before_it() {
    PollSpec spec = spec("kind", "since", "overlap", "5m", "grace", "60s", "until-param", "before");
    Walk start = Walk.from(spec, CursorPlace.at(T), NOW);
    assertThat(start.query())
        .isEqualTo(
            "order=time&limit=2&updated_since=2026-11-01T09%3A55%3A00Z&before=2026-11-01T11%3A59%3A00Z");
    Walk second = start.behind(page(spec, null, true, 1, 2));
    assertThat(second.query()).contains("updated_since=2026-11-01T10%3A02%3A00Z");
    assertThat(second.place())
        .as("in the middle, without the overlap")
        .isEqualTo(new CursorPlace(null, T.plusSeconds(120), T.plusSeconds(120)));
    Walk end = second.behind(page(spec, null, false, 2, 3));
    assertThat(end.place()).isEqualTo(new CursorPlace(null, null, T.plusSeconds(180)));
    assertThat(Walk.from(spec, end.place(), NOW).since()).isEqualTo(T.minusSeconds(120));
  }

  @Test
  void what_is_newer_than_the_runs_beginning_is_for_the_next_run_and_hides_nothing() {
    PollSpec spec = spec("kind", "since");
    Walk start = Walk.from(spec, CursorPlace.at(T), NOW);
    Page future = page(spec, null, true, 1, 600);
    assertThat(start.goesOnBehind(future)).isFalse();
    assertThat(start.behind(future).place()).isEqualTo(CursorPlace.at(NOW));
    assertThat(start.goesOnBehind(page(spec, null, true, 1, 2))).isTrue();
  }

  @Test
  void a_page_of_one_time_grows_until_it_holds_all_of_them() {
    PollSpec spec = spec("kind", "since", "page-size-max", "7");
    Walk walk = Walk.from(spec, CursorPlace.at(T), NOW).behind(page(spec, null, true, 1, 1));
    assertThat(walk.limit()).isEqualTo(2);
    Walk four = walk.behind(sameTime(spec, 2));
    Walk seven = four.behind(sameTime(spec, 4));
    assertThat(List.of(four.limit(), seven.limit())).containsExactly(4, 7);
    assertThat(seven.isWidened()).isTrue();
    assertThatThrownBy(() -> seven.behind(sameTime(spec, 7)))
        .hasMessageContaining("more than 7 records have the time 2026-11-01T10:01:00Z");
    assertThat(seven.behind(page(spec, null, true, 1, 1, 2)).limit()).as("over").isEqualTo(2);
  }

  private static Page sameTime(PollSpec spec, int size) {
    int[] minutes = new int[size];
    Arrays.fill(minutes, 1);
    return page(spec, null, true, minutes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cursor |      | true | has no cursor at /next_cursor
          cursor | used | true | the API gave the same cursor again
          """)
  void a_list_that_does_not_go_on_is_an_error(String kind, String next, boolean more, String says) {
    PollSpec spec = spec("kind", kind);
    Walk walk = Walk.from(spec, new CursorPlace("used", null, T), NOW);
    assertThatThrownBy(() -> walk.behind(page(spec, next, more, 1, 2)))
        .isInstanceOf(PollProblem.class)
        .hasMessageContaining(says);
  }

  @Test
  void parameters_are_refused_together() {
    assertThatThrownBy(
            () -> spec("kind", "none", "page-size", "0", "time", "updated_at", "start", "soon"))
        .isInstanceOf(PollProblem.class)
        .hasMessage(
            "poll rows: time=updated_at is not a JSON pointer such as /updated_at; kind=none is none of [cursor, since];"
                + " start=soon is not now, beginning, or a time such as 2026-01-31T00:00:00Z;"
                + " page-size=0 is not a number from 1 to 1000000");
    assertThatThrownBy(() -> spec("kind", "since", "since-param", ""))
        .hasMessageContaining("kind=since needs since-param and time (or version)");
    assertThatThrownBy(() -> spec("since-param", ""))
        .hasMessageContaining("without since-param only start=beginning can be asked for");
  }
}
