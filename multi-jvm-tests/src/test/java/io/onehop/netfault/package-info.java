/** Tests of the network whose links can be cut. */
@NullMarked
package io.onehop.netfault;

import org.jspecify.annotations.NullMarked;
