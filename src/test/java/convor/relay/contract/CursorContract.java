package convor.relay.contract;

import static convor.relay.contract.Store.T0;
import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.CursorEnd;
import convor.relay.store.CursorLease;
import convor.relay.store.CursorPlace;
import convor.relay.store.CursorStatus;
import convor.relay.store.Cursors;
import convor.relay.store.Event;
import convor.relay.store.PageReceipt;
import convor.relay.store.PolledPage;
import convor.relay.store.PolledPage.PolledRecord;
import convor.relay.store.PolledPages;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One run at a time, a page and its place together, and what the webhooks missed. */
abstract class CursorContract extends StoreContract {
  private static final Duration LEASE = Duration.ofMinutes(2);
  private Cursors cursors;

  CursorContract(Databases databases) {
    super(databases);
  }

  @BeforeEach
  void register() {
    cursors = new Cursors(store.database);
    cursors.register("conversations", "acme", T0, "print-1", T0);
  }

  private List<CursorLease> claim(Instant now) {
    return cursors.claimDue("conversations", Set.of("acme", "globex"), 8, LEASE, now);
  }

  private CursorStatus status() {
    return cursors.all(T0).get(0);
  }

  /** Records {@code <id>@<version>}; an exclamation mark says that one is young. */
  private PolledPage page(CursorLease lease, String position, String... records) {
    return new PolledPage(
        lease,
        Stream.of(records).map(this::record).toList(),
        new CursorPlace(position, T0, T0.plusSeconds(60)),
        event -> Set.of("conversation/" + event.key().replaceFirst("^evt_", "")));
  }

  private PolledRecord record(String text) {
    String version = "conversation/" + text.replace("!", "");
    Event event =
        new Event(
            "acme",
            "conversations",
            version,
            "conversation.changed",
            "conversation/x",
            "1",
            T0,
            java.util.Map.of(),
            version.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return new PolledRecord(event, version, text.endsWith("!"));
  }

  private PageReceipt append(PolledPage page) {
    return new PolledPages(store.database).append(page, LEASE, T0);
  }

  private static CursorEnd well(Instant next) {
    return new CursorEnd(false, null, 0, next, null);
  }

  @Test
  void one_run_at_a_time_holds_a_poll_of_an_organization() {
    cursors.register("conversations", "globex", null, "", T0);
    List<CompletableFuture<List<CursorLease>>> nodes =
        IntStream.range(0, 16)
            .mapToObj(node -> CompletableFuture.supplyAsync(() -> claim(T0)))
            .toList();
    assertThat(nodes.stream().flatMap(node -> node.join().stream()).map(CursorLease::org))
        .containsExactlyInAnyOrder("acme", "globex");
    assertThat(claim(T0.plus(LEASE).minusMillis(1))).isEmpty();
    assertThat(claim(T0.plus(LEASE))).hasSize(2);
  }

  @Test
  void a_run_that_lost_its_lease_writes_nothing() {
    CursorLease slow = claim(T0).get(0);
    CursorLease other = claim(T0.plus(LEASE)).get(0);
    assertThat(append(page(slow, "p1", "c_1@1"))).isEqualTo(new PageReceipt(0, 0, 0, true));
    assertThat(cursors.end(slow, well(T0))).isFalse();
    assertThat(status().place().position()).isNull();
    assertThat(append(page(other, "p1", "c_1@1")).recovered()).isEqualTo(1);
    assertThat(cursors.end(other, well(T0.plusSeconds(60)))).isTrue();
    assertThat(claim(T0.plusSeconds(59))).isEmpty();
    assertThat(claim(T0.plusSeconds(60)).get(0).place())
        .isEqualTo(new CursorPlace("p1", T0, T0.plusSeconds(60)));
  }

  @Test
  void a_page_that_is_read_twice_stores_nothing_twice() {
    CursorLease run = claim(T0).get(0);
    assertThat(append(page(run, "p1", "c_1@1", "c_2@1", "c_2@1")))
        .isEqualTo(new PageReceipt(2, 1, 0, false));
    assertThat(append(page(run, "p1", "c_1@1", "c_2@2")))
        .isEqualTo(new PageReceipt(1, 1, 0, false));
    assertThat(status())
        .satisfies(
            now -> {
              assertThat(now.pages()).isEqualTo(2);
              assertThat(now.records()).isEqualTo(5);
              assertThat(now.recovered()).isEqualTo(3);
            });
  }

  @Test
  void what_a_webhook_brought_is_known_whether_before_the_run_or_during_it() {
    IntStream.range(0, 450).forEach(i -> store.append(Store.event("evt_c_" + i + "@1")));
    CursorLease run = claim(T0).get(0);
    assertThat(append(page(run, "p1", "c_0@1", "c_449@1", "c_450@1")))
        .isEqualTo(new PageReceipt(1, 2, 0, false));
    store.append(Store.event("evt_c_451@1"));
    assertThat(append(page(run, "p2", "c_451@1", "c_452@1")))
        .isEqualTo(new PageReceipt(1, 1, 0, false));
  }

  @Test
  void another_organizations_events_tell_of_nothing() {
    store.append(Store.event("globex", "evt_c_1@1", "conversation.closed", null));
    assertThat(append(page(claim(T0).get(0), "p1", "c_1@1")).recovered()).isEqualTo(1);
  }

  @Test
  void the_place_stays_while_a_record_is_too_young_to_be_missed() {
    store.append(Store.event("evt_c_3@1"));
    CursorLease run = claim(T0).get(0);
    assertThat(append(page(run, "p1", "c_1@1", "c_2@1!", "c_3@1!")))
        .isEqualTo(new PageReceipt(1, 1, 1, false));
    assertThat(status().place().position()).isNull();
    assertThat(append(page(run, "p1", "c_1@1", "c_2@1", "c_3@1")))
        .isEqualTo(new PageReceipt(1, 2, 0, false));
    assertThat(status().place().position()).isEqualTo("p1");
  }

  @Test
  void a_refusal_pauses_until_it_is_resumed_or_the_setting_changes() {
    cursors.end(claim(T0).get(0), new CursorEnd(true, "refused: HTTP 401", 1, T0, null));
    assertThat(claim(T0.plus(LEASE))).isEmpty();
    assertThat(status().reason()).isEqualTo("refused: HTTP 401");
    cursors.register("conversations", "acme", null, "print-1", T0);
    assertThat(claim(T0.plus(LEASE))).as("the same setting").isEmpty();
    cursors.register("conversations", "acme", null, "print-2", T0);
    CursorLease changed = claim(T0.plus(LEASE)).get(0);
    assertThat(changed.place().highWater()).as("where it was").isEqualTo(T0);

    assertThat(cursors.pause("conversations", "acme", "by hand")).isTrue();
    assertThat(cursors.end(changed, well(T0))).isTrue();
    assertThat(status().reason()).as("a person's words stay").isEqualTo("by hand");
    cursors.register("conversations", "acme", null, "print-3", T0);
    assertThat(claim(T0.plus(LEASE))).as("a person's pause stays").isEmpty();
    assertThat(cursors.resume("conversations", "acme", T0)).isTrue();
    assertThat(claim(T0)).hasSize(1);
    assertThat(cursors.resume("conversations", "nobody", T0)).isFalse();
  }

  @Test
  void a_reset_takes_the_run_under_way_away_and_begins_elsewhere() {
    CursorLease run = claim(T0).get(0);
    assertThat(append(page(run, "p1", "c_1@1")).recovered()).isEqualTo(1);
    assertThat(cursors.reset("conversations", "acme", CursorPlace.BEGINNING, T0)).isTrue();
    assertThat(append(page(run, "p2", "c_2@1")).lost()).isTrue();
    CursorLease again = claim(T0).get(0);
    assertThat(again.place()).isEqualTo(CursorPlace.BEGINNING);
    assertThat(append(page(again, "p1", "c_1@1")))
        .as("known from before")
        .isEqualTo(new PageReceipt(0, 1, 0, false));
  }

  @Test
  void a_run_ends_where_it_says() {
    CursorLease run = claim(T0).get(0);
    append(page(run, "p1", "c_1@1"));
    CursorPlace back = CursorPlace.at(T0.plusSeconds(60));
    cursors.end(run, new CursorEnd(false, "the API refused the cursor", 1, T0, back));
    CursorLease next = claim(T0).get(0);
    assertThat(next.place()).isEqualTo(back);
    assertThat(next.failures()).isEqualTo(1);
    reopen();
    assertThat(new Cursors(store.database).all(T0).get(0).reason())
        .isEqualTo("the API refused the cursor");
  }
}
