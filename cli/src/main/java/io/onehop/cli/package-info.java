/** The {@code onehop} command line. */
@NullMarked
package io.onehop.cli;

import org.jspecify.annotations.NullMarked;
