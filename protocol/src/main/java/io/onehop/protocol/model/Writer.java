package io.onehop.protocol.model;

import java.util.UUID;

/**
 * The session that may write.
 *
 * @param session 128-bit id kept by the client process
 * @param epoch the writer epoch granted to it
 * @param host name of the client's host, for the operator
 * @param pid process id of the client on that host
 * @param sinceEpochMillis wall-clock time of the grant, for the operator only
 */
public record Writer(UUID session, long epoch, String host, long pid, long sinceEpochMillis) {}
