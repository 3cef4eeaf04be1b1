/**
 * Frames over TCP with plain NIO, and the data thread that production runs on. Nothing is
 * allocated, locked or logged per frame.
 */
@NullMarked
package io.onehop.transport.tcp;

import org.jspecify.annotations.NullMarked;
