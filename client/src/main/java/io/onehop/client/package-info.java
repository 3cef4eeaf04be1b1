/**
 * The client library: a pool as a block device, written to every leg in one hop. No Pekko. {@code
 * Volume} is the public API for programs; {@code BlockDevice} is the same thing on the data loop,
 * without allocation, for servers such as NBD.
 */
@NullMarked
package io.onehop.client;

import org.jspecify.annotations.NullMarked;
