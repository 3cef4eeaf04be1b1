package io.onehop.protocol.wire;

import java.util.UUID;

/**
 * A client asks to become the pool's writer.
 *
 * @param session its 128-bit id
 * @param host its host, for the operator
 * @param pid its process id
 * @param takeover end the session of a holder first, even of a living one
 */
public record AttachRequest(UUID session, String host, long pid, boolean takeover) {}
