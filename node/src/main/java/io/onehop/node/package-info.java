/** A storage node as a process: its settings, and the wiring of its parts. No rule lives here. */
@NullMarked
package io.onehop.node;

import org.jspecify.annotations.NullMarked;
