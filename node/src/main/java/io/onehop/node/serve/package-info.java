/**
 * The data plane of a leg: admission, adoption, answering clients and peers. Runs on the leg's data
 * thread; no Pekko, no lock, no allocation per I/O in the steady state.
 */
@NullMarked
package io.onehop.node.serve;

import org.jspecify.annotations.NullMarked;
