package tcp

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// echoing answers each frame on far with itself until the connection ends. The caller waits for wg after closing it.
func echoing(far net.Conn, size int) *sync.WaitGroup {
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, size)
		for {
			if _, err := io.ReadFull(far, buf); err != nil {
				return
			}
			if _, err := far.Write(buf); err != nil {
				return
			}
		}
	})
	return &wg
}

// dialed are both ends of a connection of TCP.
func dialed(b *testing.B) (near, far net.Conn) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = near.Close() })
	if far, err = l.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = far.Close() })
	return near, far
}

// BenchmarkEcho is a frame there and back between two goroutines: both ends are Conns, or both are the runtime's own.
func BenchmarkEcho(b *testing.B) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"net": func(c net.Conn) net.Conn { return c },
		"tcp": func(c net.Conn) net.Conn {
			wrapped := New(c)
			wrapped.SetPatience(time.Minute)
			return wrapped
		},
	} {
		b.Run(name, func(b *testing.B) {
			near, far := dialed(b)
			frame := make([]byte, 6500)
			near, far = wrap(near), wrap(far)
			wg := echoing(far, len(frame))
			b.SetBytes(int64(2 * len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := near.Write(frame); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(near, frame); err != nil {
					b.Fatal(err)
				}
			}
			_ = near.Close() // ends the echo
			wg.Wait()
		})
	}
}
