/** A small NBD client of our own, for the demo, the benchmark and tests; not for production use. */
@NullMarked
package io.onehop.nbd.client;

import org.jspecify.annotations.NullMarked;
