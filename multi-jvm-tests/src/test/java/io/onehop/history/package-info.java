/** Tests of the history checker. */
@NullMarked
package io.onehop.history;

import org.jspecify.annotations.NullMarked;
