/**
 * Records what clients of a block device asked for and got, and decides afterwards whether a device
 * that keeps its word could have answered so. It knows nothing of the device: no other package of
 * the product is used here.
 *
 * <h2>What is decided</h2>
 *
 * The device is a row of <em>units</em> of equal size (blocks, or sectors). Each unit is a register
 * of its own: there must be an order of its operations, each somewhere between its invocation and
 * its return, in which every read returns what the last write before it wrote (linearizability). An
 * operation on several units is one operation on each, with nothing promised about how they lie to
 * each other.
 *
 * <ul>
 *   <li>A write that was answered with an error, or not at all, may take effect at any time after
 *       its invocation, once or never, but not after its session is known to have ended.
 *   <li>A read that failed says nothing.
 *   <li>Nothing that was acknowledged may be lost, but for a loss of power: what a unit holds after
 *       it is the last write known to be durable, or any that came later or beside it; which one,
 *       is then settled. Durable are writes with FUA once answered, and all writes that were
 *       answered before a flush was asked for that was answered before the power was lost.
 * </ul>
 *
 * Every unit begins with zeroes.
 *
 * <h2>The file</h2>
 *
 * UTF-8 text, one event per line in order of time, only ever appended to; a last line without its
 * newline is ignored (its writer was killed). Words are separated by one space, numbers decimal.
 *
 * <pre>
 * onehop-history 1 UNIT-BYTES UNITS         first line
 * i TIME OP SESSION w FIRST COUNT VALUE     write of COUNT units from FIRST on; W: with FUA
 * i TIME OP SESSION z FIRST COUNT           the same of zeroes (also trim); Z: with FUA
 * i TIME OP SESSION r FIRST COUNT           read
 * i TIME OP SESSION f                       flush
 * o TIME OP [VALUES]                        answered well; a read names the value of each unit
 * e TIME OP                                 answered with an error
 * x TIME SESSION                            the session has ended: nothing of it takes effect any more
 * p TIME                                    every copy lost power; nothing older takes effect any more
 * # anything                                a remark
 * </pre>
 *
 * <p>TIME is in nanoseconds of one monotonic clock; OP and SESSION number operations and sessions.
 * VALUE is 1 … 2³¹-1, never written twice to one unit; 0 stands for zeroes. VALUES are joined by
 * commas, {@code V*N} stands for N times V, {@code ?} for content that no write can have left
 * (mixed, shifted, torn). One operation precedes another if its return is earlier than the other's
 * invocation; equal times precede nothing.
 */
@NullMarked
package io.onehop.history;

import org.jspecify.annotations.NullMarked;
