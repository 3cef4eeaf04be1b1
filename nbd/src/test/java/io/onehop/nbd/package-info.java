/** Tests of the NBD server over a device in memory. */
@NullMarked
package io.onehop.nbd;

import org.jspecify.annotations.NullMarked;
