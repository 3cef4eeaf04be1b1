/**
 * The NBD server: an attached pool offered to the kernel, QEMU, libnbd and fio over unix sockets
 * and TCP. Runs on the client's data loop, without threads of its own. What of the NBD
 * specification it supports and what it refuses is in {@code nbd/NBD.md}.
 */
@NullMarked
package io.onehop.nbd;

import org.jspecify.annotations.NullMarked;
