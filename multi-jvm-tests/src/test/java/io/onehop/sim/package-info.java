/** What the simulator must find, and what it must not. */
@NullMarked
package io.onehop.sim;

import org.jspecify.annotations.NullMarked;
