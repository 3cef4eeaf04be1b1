package io.onehop.client;

/** Counters of one engine; see {@link VolumeCounters}. */
final class Tally {
  long writes;
  long reads;
  long flushes;
  long bytesWritten;
  long bytesRead;
  long resends;
  long voidAnswers;
  long suspects;
  long views;
  long connects;
  long leaseLosses;
  long refused;
  long failed;
  long resumes;
  long creditWaits;
  long longestStall;
}
