/**
 * How control planes reach each other: addresses from the configuration (rule 1.8) and the encoding
 * of what they say.
 */
@NullMarked
package io.onehop.node.control;

import org.jspecify.annotations.NullMarked;
