/**
 * The whole system as a user has it: processes of an unpacked distribution, real sockets, real
 * signals, a real NBD client. Each test keeps a history of every write and compares it with what
 * NBD and the raw stores say.
 */
@NullMarked
package io.onehop.multijvm;

import org.jspecify.annotations.NullMarked;
