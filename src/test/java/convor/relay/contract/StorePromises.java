package convor.relay.contract;

import convor.relay.store.StoreSettings;
import org.junit.jupiter.api.Nested;

/** All promises of the store. A test of this name for each database says where it is. */
abstract class StorePromises {
  /** Where an empty database is, new for each test. */
  abstract StoreSettings empty(int appendQueue);

  @Nested
  class Appends extends AppendContract {
    Appends() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class Claims extends ClaimContract {
    Claims() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class PairsOfConnectorAndOrganization extends PairContract {
    PairsOfConnectorAndOrganization() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class Subjects extends SubjectContract {
    Subjects() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class RejectedRequests extends RejectedContract {
    RejectedRequests() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class PagesOfTheLedger extends LedgerContract {
    PagesOfTheLedger() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class PruningByAge extends PruningContract {
    PruningByAge() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class VersionsOfSubjects extends VersionsContract {
    VersionsOfSubjects() {
      super(StorePromises.this::empty);
    }
  }

  @Nested
  class CursorsOfPolls extends CursorContract {
    CursorsOfPolls() {
      super(StorePromises.this::empty);
    }
  }
}
