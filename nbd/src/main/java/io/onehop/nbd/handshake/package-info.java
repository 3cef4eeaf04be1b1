/** The server's side of fixed newstyle negotiation: one option in, its replies out. No I/O here. */
@NullMarked
package io.onehop.nbd.handshake;

import org.jspecify.annotations.NullMarked;
