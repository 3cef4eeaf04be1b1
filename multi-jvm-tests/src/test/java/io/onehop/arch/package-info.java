/** What may depend on what, checked on the byte code of the whole system. */
@NullMarked
package io.onehop.arch;

import org.jspecify.annotations.NullMarked;
