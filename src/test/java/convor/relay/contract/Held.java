package convor.relay.contract;

import convor.relay.store.Database;
import convor.relay.store.StoreSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * As many transactions as a database runs at once, open: nothing else can be committed until this
 * is closed.
 */
final class Held implements AutoCloseable {
  private final CountDownLatch release = new CountDownLatch(1);
  private final List<CompletableFuture<?>> holders = new ArrayList<>();

  Held(Database database, StoreSettings settings) {
    int atOnce = settings.url().startsWith("jdbc:h2:") ? 1 : settings.poolSize();
    CountDownLatch taken = new CountDownLatch(atOnce);
    for (int i = 0; i < atOnce; i++) {
      CompletableFuture<?> holder = new CompletableFuture<>();
      holders.add(holder);
      new Thread(() -> hold(database, taken, holder)).start();
    }
    await(taken);
  }

  private void hold(Database database, CountDownLatch taken, CompletableFuture<?> holder) {
    try {
      database.inTransaction(
          connection -> {
            taken.countDown();
            await(release);
            return true;
          });
      holder.complete(null);
    } catch (RuntimeException e) {
      holder.completeExceptionally(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    release.countDown();
    holders.forEach(CompletableFuture::join);
  }
}
