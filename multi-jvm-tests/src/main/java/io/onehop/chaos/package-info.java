/**
 * {@code onehop chaos}: real processes, real NBD clients, faults drawn at random, and at the end a
 * verdict. Its load, which records a history, is also that of the tests.
 */
@NullMarked
package io.onehop.chaos;

import org.jspecify.annotations.NullMarked;
