// Package awake measures time in which this process runs.
//
// A process can be stopped: by SIGSTOP, by a virtual machine that is paused or moved, by a machine that sleeps. Its clock
// goes on, and what others send waits in the kernel. Code that judges others by how long they have been silent must
// therefore leave out the time in which this process could not listen.
//
//  1. Time counts as a pause from the last look of Clock.Run before it to catchUp after the first one afterwards, in which
//     what has come in that time is read.
//  2. A pause is known as soon as anybody asks after it, also before Run has run again.
//  3. A nil *Clock is a clock of a process that is never stopped: that of programs, and of tests on fake time.
package awake
