/** The numbers of the NBD protocol and its addresses; shared by server and client, no behaviour. */
@NullMarked
package io.onehop.nbd.wire;

import org.jspecify.annotations.NullMarked;
