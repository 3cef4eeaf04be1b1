package io.onehop.node.pools;

import io.onehop.protocol.model.PoolView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Makes the empty stores of a new pool's member; blocking. */
public interface PoolStores {
  /**
   * Makes this member's disk (a leg's store that reads zeroes, and the vote for the first view) in
   * {@code folder}, durably.
   *
   * @param shape of the pool; its own member says what is to be made
   * @param view names this disk; of a new pool the first one, which it votes for
   * @param first whether the pool is new: else the disk takes the place of another one, has voted
   *     for nothing and misses everything (rule 1.2)
   * @param force a device that bears something may be overwritten
   * @return where a leg's raw data lies ({@code folder} standing for its later place), nothing for
   *     a witness
   * @throws IOException one line: what is wrong and what to do
   */
  List<StorePlace> make(PoolShape shape, PoolView view, boolean first, boolean force, Path folder)
      throws IOException;
}
