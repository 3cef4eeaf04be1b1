/**
 * A network on loopback whose links are cut, delayed and healed one by one, for processes that know
 * nothing of it: every process resolves the others' names to addresses of its own, behind which a
 * relay knows who speaks to whom.
 */
@NullMarked
package io.onehop.netfault;

import org.jspecify.annotations.NullMarked;
