// Package tcp reads and writes connections on which many small messages pass, with few system calls and wake-ups. A message
// of speech is a few kilobytes, ten times a second; the scheduler around it costs more than the work on it.
//
//   - A system call that never blocks need not be announced to the Go scheduler. If it is, a busy process on few cores loses
//     its processor during the write and gets it back after it, each time with a switch of threads.
//   - A read takes all that the kernel has, up to 16 KiB, into a buffer that exists only while something waits in it.
//   - A write has no deadline until it must wait.
//
// docs/performance.md says what that saves. It works for plain TCP on Linux. All other connections are read and written by
// the standard library alone, and so is everything in a program that is built with the tag stdnet: go build -tags stdnet.
// A write then sets a deadline each time, and WriteNow writes nothing. Use it if a Go release or a kernel changes what the
// fast path counts on, and to see whether a fault is in it.
package tcp
