package io.onehop.protocol.wire;

import io.onehop.protocol.model.PoolView;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Answer to {@link Hello}.
 *
 * @param member the answering member's UUID
 * @param incarnation of its leg; 0 for a witness. Binds every later answer on this connection (rule
 *     3.3)
 * @param handle to be put into every frame of this connection
 * @param view the newest chosen view that the answerer knows, or null before its first register
 *     round
 */
public record HelloAck(UUID member, long incarnation, int handle, @Nullable PoolView view) {}
