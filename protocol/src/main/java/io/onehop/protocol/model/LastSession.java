package io.onehop.protocol.model;

import java.util.UUID;

/**
 * The session that ended last (rule 1.6).
 *
 * @param id its id
 * @param closed false if it ended without its own detach: whoever admits the next session first
 *     waits for its lease to run out (rule 5.4)
 * @param resumable false if it may not be admitted again (rules 5.1, 8.5)
 */
public record LastSession(UUID id, boolean closed, boolean resumable) {}
