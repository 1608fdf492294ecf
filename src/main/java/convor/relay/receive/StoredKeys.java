package convor.relay.receive;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.apache.camel.spi.IdempotentRepository;
import org.apache.camel.support.service.ServiceSupport;

/**
 * {@code idempotentRepository: "#storedKeys"}. The keys of recent events that are committed,
 * bounded: a shortcut that answers a repetition without the store. Never the truth: a key gets in
 * only after its commit ({@link Answer} puts it there), and one that is missing here is still told
 * by the store.
 */
public final class StoredKeys extends ServiceSupport implements IdempotentRepository {
  private final Cache<String, Boolean> keys;

  public StoredKeys(WebhookLimits limits) {
    keys = Caffeine.newBuilder().maximumSize(limits.recentKeys()).executor(Runnable::run).build();
  }

  void committed(String key) {
    keys.put(key, Boolean.TRUE);
  }

  @Override
  public boolean contains(String key) {
    return keys.getIfPresent(key) != null;
  }

  /**
   * Nothing: Camel calls it when a route has ended, also where the end was a handled failure to
   * store.
   */
  @Override
  public boolean add(String key) {
    return true;
  }

  @Override
  public boolean remove(String key) {
    keys.invalidate(key);
    return true;
  }

  @Override
  public boolean confirm(String key) {
    return true;
  }

  @Override
  public void clear() {
    keys.invalidateAll();
  }
}
