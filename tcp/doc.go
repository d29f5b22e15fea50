// Package tcp reads and writes connections on which many small messages pass, with as few system calls and wake-ups as
// that takes. A message of speech is a few kilobytes, ten times a second; the work on it is less than that of the
// scheduler around it.
//
//   - A system call that never blocks need not be announced to the Go scheduler. Where it is, a busy process on few cores
//     has its processor taken away during the write and given back behind it, each time with a switch of threads.
//   - A read takes all that the kernel has, up to 16 KiB, into a buffer that exists only while something waits in it.
//   - A write has no deadline until it must wait.
//
// What that saves is in docs/performance.md. It holds for plain TCP on Linux; other connections pass through.
package tcp
