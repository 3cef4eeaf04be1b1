/**
 * A leg's books: the adopted view, the sets that say who misses what, and the operations in
 * progress, with the map work of adoption (rules 2.x). Shared by {@code serve} and {@code resync}
 * on the leg's data thread.
 */
@NullMarked
package io.onehop.node.books;

import org.jspecify.annotations.NullMarked;
