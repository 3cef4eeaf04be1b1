/**
 * Byte layouts of what travels as payload or lies on disk: views, hellos, block runs. See WIRE.md.
 */
@NullMarked
package io.onehop.protocol.wire;

import org.jspecify.annotations.NullMarked;
