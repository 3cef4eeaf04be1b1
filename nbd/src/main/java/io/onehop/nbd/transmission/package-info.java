/**
 * The transmission phase of one connection: requests parsed from receive chunks, handed to the
 * {@link io.onehop.client.BlockDevice} without copying, and their replies gathered. Allocates
 * nothing per request in the steady state.
 */
@NullMarked
package io.onehop.nbd.transmission;

import org.jspecify.annotations.NullMarked;
