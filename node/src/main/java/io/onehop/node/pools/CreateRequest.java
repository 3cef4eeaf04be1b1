package io.onehop.node.pools;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.Role;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * A pool as an operator asks for it.
 *
 * @param name its name
 * @param sizeBytes size of the device
 * @param data nodes that are to hold a copy
 * @param witness nodes that are to vote only
 * @param devices by node: a device or file to use, absolute; else a file in the node's folder
 * @param errorOnNoQuorum fail waiting writes instead of suspending them
 * @param force overwrite a device that bears something
 */
public record CreateRequest(
    String name,
    long sizeBytes,
    List<String> data,
    List<String> witness,
    Map<String, String> devices,
    boolean errorOnNoQuorum,
    boolean force) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  /** Largest pool: what a leg's maps are laid out for, bytes. */
  public static final long MAX_SIZE = 1L << 46;

  /** Most data nodes of a pool. */
  public static final int MAX_DATA = 5;

  /** Most witnesses of a pool. */
  public static final int MAX_WITNESSES = 5;

  /** Copies the collections. */
  public CreateRequest {
    data = List.copyOf(data);
    witness = List.copyOf(witness);
    devices = Map.copyOf(devices);
  }

  /** Why it cannot be done, one line, or empty. */
  public String fault(Peers peers) {
    if (!NAME.matcher(name).matches()) {
      return "'"
          + name
          + "' is no pool name: letters, digits, '.', '_', '-', at most 63 characters";
    }
    if (sizeBytes < 1 || sizeBytes > MAX_SIZE) {
      return "size " + sizeBytes + " is not between 1 byte and 64 TiB";
    }
    if (data.isEmpty() || data.size() > MAX_DATA) {
      return "a pool has 1 to " + MAX_DATA + " data nodes, not " + data.size();
    }
    if (witness.size() > MAX_WITNESSES) {
      return "a pool has at most " + MAX_WITNESSES + " witnesses, not " + witness.size();
    }
    Set<String> seen = new HashSet<>();
    for (String node : nodes()) {
      if (peers.data(node) == null) {
        return "no node '" + node + "' in the configuration of node '" + peers.self() + "'";
      }
      if (!seen.add(node)) {
        return "node '" + node + "' is named twice";
      }
    }
    for (Map.Entry<String, String> d : devices.entrySet()) {
      if (!data.contains(d.getKey())) {
        return "a device is named for '" + d.getKey() + "', which is no data node of the pool";
      }
      if (!absolute(d.getValue())) {
        return "the device of '" + d.getKey() + "' must be an absolute path";
      }
    }
    return "";
  }

  private static boolean absolute(String path) {
    try {
      return Path.of(path).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** All members' nodes, in the order of the view. */
  public List<String> nodes() {
    List<String> all = new ArrayList<>(data);
    all.addAll(witness);
    return all;
  }

  /** The plan; call only if there is no {@link #fault}. */
  public PoolPlan plan(Peers peers, RandomGenerator random) {
    List<PoolPlan.PlanMember> members = new ArrayList<>();
    for (String node : nodes()) {
      Endpoint at = peers.data(node);
      if (at == null) {
        throw new IllegalArgumentException(fault(peers));
      }
      boolean leg = data.contains(node);
      members.add(
          new PoolPlan.PlanMember(
              UUID.randomUUID(),
              node,
              leg ? Role.DATA : Role.WITNESS,
              at.host(),
              at.port(),
              devices.get(node),
              leg ? nonZero(random) : 0));
    }
    return new PoolPlan(
        UUID.randomUUID(), name, sizeBytes, UUID.randomUUID(), members, errorOnNoQuorum, force);
  }

  /** An incarnation. */
  static long nonZero(RandomGenerator random) {
    long n = random.nextLong();
    return n == 0 ? 1 : n;
  }
}
