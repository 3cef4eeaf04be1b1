package io.onehop.chaos;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for.
 *
 * @param seconds how long faults strike
 * @param seed of everything that is drawn
 * @param legs data legs, 2 to 5
 * @param dir folder to make and keep; null for a temporary one, kept only if something was wrong
 * @param requireTools fail if fio, nbdcopy or nbdkit is missing, instead of going without
 */
public record Settings(
    long seconds, long seed, int legs, @Nullable Path dir, boolean requireTools) {}
