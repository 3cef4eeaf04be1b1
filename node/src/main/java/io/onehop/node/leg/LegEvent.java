package io.onehop.node.leg;

import io.onehop.protocol.model.PoolView;

/** What the leg machine hears. */
public sealed interface LegEvent {
  /** A newer chosen view is known. */
  record Chosen(PoolView view) implements LegEvent {}

  /** The data plane adopted this generation. */
  record Adopted(long generation) implements LegEvent {}

  /** The disk failed in a way that ends this run. */
  record DiskFailed(String reason) implements LegEvent {}

  /** Stopped in order. */
  record Stopped() implements LegEvent {}
}
