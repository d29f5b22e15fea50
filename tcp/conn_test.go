package tcp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pairs are both ends of a connection: of TCP, and of something that is not.
var pairs = map[string]func(t *testing.T) (near *Conn, far net.Conn){
	"tcp": func(t *testing.T) (*Conn, net.Conn) {
		near, far := tcpPair(t)
		return New(near), far
	},
	"other": func(t *testing.T) (*Conn, net.Conn) {
		near, far := tcpPair(t)
		return New(struct{ net.Conn }{near}), far
	},
}

func tcpPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return near, far
}

// eachPair runs a test on both kinds of connection.
func eachPair(t *testing.T, test func(t *testing.T, near *Conn, far net.Conn)) {
	t.Helper()
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t)
			test(t, near, far)
		})
	}
}

// Whatever the sizes of writes and reads, what arrives is what was sent.
func TestBytesArriveInOrder(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		const size = 8 << 20
		random := rand.New(rand.NewPCG(1, 2))
		sent := make([]byte, size)
		for i := range sent {
			sent[i] = byte(random.Uint32())
		}
		sizes := []int{1, 2, 4096, 6500, 16<<10 - 1, 16 << 10, 16<<10 + 1, 200_000}
		var echo sync.WaitGroup
		echo.Go(func() { _, _ = io.Copy(far, far) }) // ends with the connection
		defer echo.Wait()
		defer near.Close()
		var writer sync.WaitGroup
		writer.Go(func() {
			for rest := sent; len(rest) > 0; {
				n, err := near.Write(rest[:min(len(rest), sizes[random.IntN(len(sizes))])])
				if err != nil {
					t.Errorf("write: %v", err)
					_ = near.Close() // unblocks the reader
					return
				}
				rest = rest[n:]
			}
		})
		got := make([]byte, 0, size)
		buf := make([]byte, 200_000)
		for i := 0; len(got) < size; i++ {
			n, err := near.Read(buf[:sizes[i%len(sizes)]])
			if err != nil {
				t.Fatalf("read: %v after %d bytes", err, len(got))
			}
			got = append(got, buf[:n]...)
		}
		writer.Wait()
		if !bytes.Equal(got, sent) {
			t.Error("what came back is not what was sent")
		}
	})
}

func TestReadTellsTheEnd(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		if _, err := far.Write([]byte("last words")); err != nil {
			t.Fatal(err)
		}
		if err := far.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(near); string(got) != "last words" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if n, err := near.Read(nil); n != 0 || err != nil {
			t.Errorf("an empty read gives %d, %v", n, err)
		}
	})
}

func TestReadKeepsItsDeadline(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		if err := near.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
}

// A reset is an error with its cause, in either direction.
func TestAResetIsAnError(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		if err := far.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		if err := far.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read: got %v, want a reset", err)
		}
		if _, err := near.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write: got %v, want a broken pipe", err)
		}
	})
}

func TestAClosedConnectionIsAnError(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, _ net.Conn) {
		if err := near.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: got %v", err)
		}
		if _, err := near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write: got %v", err)
		}
		if _, err := near.WriteNow([]byte("x")); near.fast != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("write now: got %v", err)
		}
	})
}

// A peer that takes nothing is given up once the patience is over. What it has taken is told.
func TestPatienceEnds(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		near.SetPatience(20 * time.Millisecond)
		much := []byte(strings.Repeat("x", 64<<20)) // more than kernels keep
		n, err := near.Write(much)
		if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n >= len(much) {
			t.Errorf("wrote %d, %v; want some and the deadline", n, err)
		}
		// A peer that reads again gets what is written then.
		near.SetPatience(time.Minute)
		var reader sync.WaitGroup
		reader.Go(func() { _, _ = io.Copy(io.Discard, far) }) // ends with the connection
		if _, err := near.Write([]byte("more")); err != nil {
			t.Errorf("a later write: %v", err)
		}
		_ = near.Close() // ends the reader
		reader.Wait()
	})
}

// A peer that is slow, but takes something within the patience each time, gets all.
func TestPatienceBeginsAnewWithEachByte(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		const patience = 2 * time.Second
		near.SetPatience(patience)
		much := []byte(strings.Repeat("x", 16<<20))
		var reader sync.WaitGroup
		var got int64
		reader.Go(func() { got, _ = io.Copy(io.Discard, slowly{far}) }) // what is missing shows below
		if n, err := near.Write(much); n != len(much) || err != nil {
			t.Errorf("wrote %d of %d, %v", n, len(much), err)
		}
		// No deadline is left that would end what comes later.
		if _, err := near.Write([]byte("and more")); err != nil {
			t.Errorf("a later write: %v", err)
		}
		if err := near.Close(); err != nil {
			t.Fatal(err)
		}
		reader.Wait()
		if want := int64(len(much) + len("and more")); got != want {
			t.Errorf("the peer got %d bytes, want %d", got, want)
		}
	})
}

// slowly reads a little at a time.
type slowly struct{ net.Conn }

func (s slowly) Read(p []byte) (int, error) { return s.Conn.Read(p[:min(len(p), 64<<10)]) }

// What waits for a peer is not in the way of the other direction.
func TestAWaitingWriteLetsReadsPass(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, far net.Conn) {
		var writer sync.WaitGroup
		writer.Go(func() { _, _ = near.Write(make([]byte, 64<<20)) }) // waits until the connection is closed
		defer writer.Wait()
		defer near.Close()
		if _, err := far.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 5)
		if _, err := io.ReadFull(near, buf); err != nil || string(buf) != "hello" {
			t.Errorf("got %q, %v", buf, err)
		}
	})
}

// What a peer does not take at once is not waited for, and what it does take arrives in order.
func TestWriteNowWaitsForNobody(t *testing.T) {
	near, far := tcpPair(t)
	c := New(near)
	c.SetPatience(time.Minute)
	much := make([]byte, 64<<20) // more than kernels keep
	for i := range much {
		much[i] = byte(i % 251)
	}
	n, err := c.WriteNow(much)
	if err != nil || n >= len(much) {
		t.Fatalf("wrote %d, %v; want a part", n, err)
	}
	if c.fast != nil && n == 0 {
		t.Error("wrote nothing to a peer that has room")
	}
	if more, err := c.WriteNow(much[n:]); c.fast != nil && (more != 0 || err != nil) {
		t.Errorf("wrote %d more, %v; want nothing, since nobody reads", more, err)
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		if _, err := c.Write(much[n:]); err != nil {
			t.Errorf("the rest: %v", err)
		}
		_ = c.Close() // the reader sees the end
	})
	defer writer.Wait()
	got, err := io.ReadAll(far)
	if err != nil || !bytes.Equal(got, much) {
		t.Errorf("the peer got %d bytes, %v; want the %d that were written, in order", len(got), err, len(much))
	}
}

// Where another write is waiting for the peer, or the connection can't tell whether it would, nothing is written.
func TestWriteNowLeavesItToOthers(t *testing.T) {
	eachPair(t, func(t *testing.T, near *Conn, _ net.Conn) {
		var writer sync.WaitGroup
		defer writer.Wait()
		defer near.Close()
		if near.fast != nil {
			full, _ := near.WriteNow(make([]byte, 64<<20))
			if full == 0 {
				t.Fatal("nothing was taken")
			}
			writer.Go(func() { _, _ = near.Write(make([]byte, 64<<20)) }) // waits until the connection is closed
		}
		if n, err := near.WriteNow([]byte("x")); n != 0 || err != nil {
			t.Errorf("wrote %d, %v; want nothing", n, err)
		}
	})
}

// Neither direction allocates.
func TestNothingIsAllocated(t *testing.T) {
	near, far := tcpPair(t)
	c := New(near)
	c.SetPatience(time.Minute)
	frame, buf := make([]byte, 6500), make([]byte, 6500)
	got := testing.AllocsPerRun(200, func() {
		if _, err := c.Write(frame); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(far, buf); err != nil {
			t.Fatal(err)
		}
		n, err := c.WriteNow(frame)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(far, buf[:n]); err != nil {
			t.Fatal(err)
		}
		if _, err := far.Write(frame); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations for a frame in and out, want none", got)
	}
}
