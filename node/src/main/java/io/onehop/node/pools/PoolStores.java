package io.onehop.node.pools;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Makes the empty stores of a new pool's member; blocking. */
public interface PoolStores {
  /**
   * Makes this member's disk (a leg's store that reads zeroes, and the vote for the first view) in
   * {@code folder}, durably.
   *
   * @param shape of the new pool; its own member says what is to be made
   * @return where a leg's raw data lies ({@code folder} standing for its later place), nothing for
   *     a witness
   * @throws IOException one line: what is wrong and what to do
   */
  List<StorePlace> make(PoolPlan plan, PoolShape shape, Path folder) throws IOException;
}
