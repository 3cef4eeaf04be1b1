package io.onehop.client;

/**
 * A snapshot of an engine's counters since its start.
 *
 * @param writes write, write-zeroes and trim requests completed
 * @param reads read requests completed
 * @param flushes flush requests completed
 * @param bytesWritten bytes of the writes
 * @param bytesRead bytes of the reads
 * @param resends frames sent again
 * @param voidAnswers answers that did not count (older stint, generation, epoch)
 * @param suspects reports that a member fails
 * @param views views taken over
 * @param connects connections that became usable
 * @param leaseLosses times that a read had to wait for the lease
 * @param refused requests answered AGAIN because too many were in flight
 * @param failed requests answered with an error
 * @param resumes times that the session went on under another epoch
 * @param creditWaits times that a request had to wait because a leg had as many as it allows
 * @param requestsInFlight accepted and not completed now
 * @param writesInFlight sequence numbers in the window now
 * @param longestStallNanos greatest age of a request when it completed
 */
public record VolumeCounters(
    long writes,
    long reads,
    long flushes,
    long bytesWritten,
    long bytesRead,
    long resends,
    long voidAnswers,
    long suspects,
    long views,
    long connects,
    long leaseLosses,
    long refused,
    long failed,
    long resumes,
    long creditWaits,
    int requestsInFlight,
    int writesInFlight,
    long longestStallNanos) {}
