package convor.relay.contract;

import static convor.relay.contract.Store.T0;
import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Rejection;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The rejected log: the newest of each organization, never more than is to be kept. */
abstract class RejectedContract extends StoreContract {
  RejectedContract(Databases databases) {
    super(databases);
  }

  private static List<Rejection> rejections(String org, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            i -> new Rejection(org, "convor", T0, "bad-signature", "no " + i, "127.0.0.1", 12))
        .toList();
  }

  @Test
  void the_newest_of_each_organization_are_kept() {
    store.rejected.add(rejections("acme", 0, 5), 10);
    store.rejected.add(rejections("other", 0, 2), 10);
    store.rejected.add(rejections("acme", 5, 30), 10);
    assertThat(store.query("select detail from rejected where org = 'acme' order by id"))
        .extracting(row -> row.get(0))
        .containsExactly(IntStream.range(20, 30).mapToObj(i -> "no " + i).toArray(Object[]::new));
    assertThat(store.query("select detail from rejected where org = 'other'")).hasSize(2);
  }

  @Test
  void none_are_kept_where_none_are_to_be_kept() {
    store.rejected.add(rejections("acme", 0, 5), 0);
    assertThat(store.count("rejected")).isZero();
  }
}
