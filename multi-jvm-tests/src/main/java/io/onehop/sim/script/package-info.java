/**
 * Scenario texts: transcripts that a storage engineer can read, one file a scenario, played on the
 * simulator's real rules. Here is the language alone: reading a text, its phrases, what was
 * answered; the pool behind {@link io.onehop.sim.script.ScriptedPool} is somebody else's.
 */
@NullMarked
package io.onehop.sim.script;

import org.jspecify.annotations.NullMarked;
