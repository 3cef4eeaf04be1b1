package io.onehop.sim.script;

import org.jspecify.annotations.Nullable;

/**
 * A command of a text.
 *
 * @param number in the file, from 1
 * @param command without the expected answer
 * @param expected the answer after the arrow, or null
 */
record Line(int number, String command, @Nullable String expected) {}
