package convor.relay.contract;

import convor.relay.store.StoreSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What every suite of the store's promises has: an empty store of the database that it runs on. */
abstract class StoreContract {
  /** Where an empty database is, new for each test. */
  interface Databases {
    StoreSettings empty(int appendQueue);
  }

  final Databases databases;
  StoreSettings settings;
  Store store;

  StoreContract(Databases databases) {
    this.databases = databases;
  }

  @BeforeEach
  void open() {
    settings = databases.empty(10_000);
    store = new Store(settings);
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** As after a restart. */
  void reopen() {
    store.close();
    store = new Store(settings);
  }
}
