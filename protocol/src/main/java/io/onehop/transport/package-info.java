/**
 * The port between protocol code and networks: frames (fixed header plus optional payload) sent and
 * received in order over connections that all belong to one {@link io.onehop.transport.Loop}. TCP,
 * in-memory and fault decorators stand behind it; protocol code never knows which.
 */
@NullMarked
package io.onehop.transport;

import org.jspecify.annotations.NullMarked;
