package convor.relay.poll;

import convor.relay.store.CursorPlace;
import convor.relay.store.PageReceipt;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/** What one run has read so far. */
record Tally(int pages, int records, int recovered, int known, int deferred, int incomplete) {
  static final Tally NOTHING = new Tally(0, 0, 0, 0, 0, 0);

  Tally plus(Page page, PageReceipt receipt) {
    return new Tally(
        pages + 1,
        records + page.size(),
        recovered + receipt.recovered(),
        known + receipt.known(),
        deferred + receipt.deferred(),
        incomplete + page.size() - page.items().size());
  }

  /** One line for a run that found something new or is long; a warning for what was missed. */
  void log(
      Logger log, String run, CursorPlace place, Instant next, Instant startedAt, Instant now) {
    long millis = Math.max(1, Duration.between(startedAt, now).toMillis());
    boolean worthALine = recovered + deferred + incomplete > 0 || pages > 1;
    log.atLevel(worthALine ? Level.INFO : Level.DEBUG)
        .log(
            "{} pages={} records={} recovered={} known={} deferred={} ms={} perSecond={} highWater={} next={}",
            run,
            pages,
            records,
            recovered,
            known,
            deferred,
            millis,
            records * 1000L / millis,
            place.highWater(),
            next);
    if (recovered > 0) {
      log.warn("{}: recovered {} that no webhook had brought", run, recovered);
    }
    if (incomplete > 0) {
      log.warn("{}: passed over {} without id, version or time", run, incomplete);
    }
  }
}
