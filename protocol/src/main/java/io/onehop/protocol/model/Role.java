package io.onehop.protocol.model;

/** What a member contributes to its pool. The wire code is the ordinal; append only. */
public enum Role {
  /** Holds a copy of the data (a leg) and votes. */
  DATA,
  /** Votes, holds no data. */
  WITNESS
}
