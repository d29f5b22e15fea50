//go:build !stdnet

package tcp

import (
	"cmp"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Direct reports whether connections of TCP make their own system calls here, so that WriteNow may write.
const Direct = true

// aheadSize is how much a read takes from the kernel at most: two messages of 100 ms of speech as base64.
const aheadSize = 16 << 10

var aheadPool = sync.Pool{New: func() any { return new([aheadSize]byte) }}

// fast does a TCP connection's system calls where the scheduler does not see them. The runtime has made the socket
// non-blocking, so they return at once; where it is not ready the runtime waits for it, as for any other.
type fast struct {
	conn *net.TCPConn
	raw  syscall.RawConn
	in   reading
	out  writing
}

func newFast(conn net.Conn) *fast {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	f := &fast{conn: tcp, raw: raw}
	f.in.attempt, f.out.attempt = f.in.try, f.try
	return f
}

// reading is the reader's side.
type reading struct {
	mu      sync.Mutex
	attempt func(fd uintptr) bool // try; a method value made once, since each is an allocation

	ahead *[aheadSize]byte // pooled; nil while nothing waits in it
	rest  []byte           // what waits in it

	// Between read and try.
	into  []byte // where to; nil: ahead
	n     int
	errno syscall.Errno
}

func (f *fast) read(p []byte) (int, error) {
	in := &f.in
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.rest) > 0 || len(p) == 0 {
		return in.take(p), nil
	}
	in.into = nil
	if len(p) >= aheadSize {
		in.into = p
	}
	if err := f.raw.Read(in.attempt); err != nil {
		return 0, err
	}
	switch {
	case in.errno != 0:
		in.drop()
		return 0, f.failure("read", in.errno)
	case in.n == 0:
		in.drop()
		return 0, io.EOF
	case in.into != nil:
		return in.n, nil
	}
	in.rest = in.ahead[:in.n]
	return in.take(p), nil
}

// take copies what waits, and gives an empty buffer back.
func (in *reading) take(p []byte) int {
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	if len(in.rest) == 0 {
		in.drop()
	}
	return n
}

func (in *reading) drop() {
	in.rest = nil
	if in.ahead != nil {
		aheadPool.Put(in.ahead)
		in.ahead = nil
	}
}

// try reads once, and reports false where nothing has come: no buffer is held while that is waited for.
func (in *reading) try(fd uintptr) bool {
	into := in.into
	if into == nil {
		in.ahead = aheadPool.Get().(*[aheadSize]byte)
		into = in.ahead[:]
	}
	in.n, in.errno = call(syscall.SYS_READ, fd, into)
	if in.errno == syscall.EAGAIN {
		in.drop()
		return false
	}
	return true
}

// writing is the writer's side.
type writing struct {
	mu      sync.Mutex
	attempt func(fd uintptr) bool // fast.try

	// Between write and try.
	rest     []byte
	now      bool // nothing is waited for
	patience time.Duration
	timed    bool // a deadline was set
	errno    syscall.Errno
}

func (f *fast) write(p []byte, patience time.Duration) (int, error) {
	out := &f.out
	out.mu.Lock()
	defer out.mu.Unlock()
	out.now, out.patience, out.timed = false, patience, false
	n, err := f.writeLocked(p)
	if out.timed {
		err = cmp.Or(err, f.conn.SetWriteDeadline(time.Time{})) // a later write waits again
	}
	return n, err
}

func (f *fast) writeNow(p []byte) (int, error) {
	out := &f.out
	if !out.mu.TryLock() {
		return 0, nil // the one that writes may be waiting
	}
	defer out.mu.Unlock()
	out.now = true
	return f.writeLocked(p)
}

func (f *fast) writeLocked(p []byte) (int, error) {
	out := &f.out
	out.rest, out.errno = p, 0
	err := f.raw.Write(out.attempt)
	n := len(p) - len(out.rest)
	out.rest = nil
	if err == nil && out.errno != 0 {
		err = f.failure("write", out.errno)
	}
	return n, err
}

// try writes what the kernel takes, and reports false where the rest is to be waited for.
func (f *fast) try(fd uintptr) bool {
	out := &f.out
	for len(out.rest) > 0 {
		n, errno := call(syscall.SYS_WRITE, fd, out.rest)
		if errno == syscall.EAGAIN {
			return out.now || !f.mayWait()
		}
		if errno != 0 {
			out.errno = errno
			return true
		}
		out.rest = out.rest[n:]
	}
	return true
}

// mayWait limits the wait for a slow peer by the patience, which begins again with each byte that the peer takes.
func (f *fast) mayWait() bool {
	if f.out.patience == 0 {
		return true
	}
	f.out.timed = true
	if f.conn.SetWriteDeadline(expiry(f.out.patience)) != nil {
		f.out.errno = syscall.EPIPE // it is closed
		return false
	}
	return true
}

func (f *fast) failure(op string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Source: f.conn.LocalAddr(), Addr: f.conn.RemoteAddr(), Err: os.NewSyscallError(op, errno)}
}

// call reads or writes a non-blocking socket.
func call(number, fd uintptr, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
