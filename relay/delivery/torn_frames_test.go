package delivery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

// hesitant is a connection whose client takes what the test lets it, and then nothing for as long as a write waits.
type hesitant struct {
	net.Conn
	takes func(most int) int
	got   bytes.Buffer
}

func (h *hesitant) Write(p []byte) (int, error) {
	n := h.takes(len(p))
	h.got.Write(p[:n])
	if n < len(p) {
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

func (h *hesitant) SetWriteDeadline(time.Time) error { return nil }

// However a client hesitates, and whichever goroutine writes then, it gets whole frames, each once and in order: also where a write was
// given up within one, and the frames that the library writes.
func TestFramesStayWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &hesitant{takes: func(most int) int {
			return rapid.SampledFrom([]int{0, 1, most / 2, most - 1, most, most}).Draw(t, "takes")
		}}
		l := &line{newSocket(h, limits.Config{WriteTimeout: time.Minute}, prometheus.NewHistogram(prometheus.HistogramOpts{Name: "delay"})), NewOutbox(noWriter{}, nil), nil}
		var want []string // in the order in which they were sent, the library's apart
		for i := range rapid.IntRange(1, 20).Draw(t, "steps") {
			name := fmt.Sprintf("%d%s", i, strings.Repeat("x", rapid.IntRange(0, 200).Draw(t, "size")))
			switch rapid.IntRange(0, 2).Draw(t, "who") {
			case 0:
				l.out.Send(TextMessage([]byte(name)))
				want = append(want, name)
				l.writesDirect()
			case 1:
				_ = l.drain(l.out) // what it leaves is sent later
			default:
				_, _ = l.Write([]byte{0x89, 4, 'p', 'i', 'n', 'g'}) // as it may fail, it need not come
			}
		}
		h.takes = func(most int) int { return most }
		if err := l.drain(l.out); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, body := range parseFrames(t, h.got.Bytes()) {
			if body != "ping" {
				got = append(got, body)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("the client got %q, want %q", got, want)
		}
	})
}

// parseFrames is the bodies of a server's frames, with nothing left over.
func parseFrames(t rapid.TB, wire []byte) []string {
	bodies, rest := relaytest.CutFrames(t, wire)
	if len(rest) > 0 {
		t.Fatalf("%d bytes of a frame at the end", len(rest))
	}
	return bodies
}

// A client that is given up within a frame sees that its connection broke, and no end of it.
func TestAConnectionThatEndsWithinAFrameIsReset(t *testing.T) {
	for name, tt := range map[string]struct {
		size int
		want error
	}{
		"within a frame": {64 << 10, syscall.ECONNRESET},
		"between frames": {10, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			l.SetPatience(20 * time.Millisecond)
			l.out.Send(TextMessage([]byte("done")))
			if tt.want != nil {
				for range 200 { // more than kernels keep
					l.out.Send(TextMessage(make([]byte, tt.size)))
				}
			}
			if err := l.drain(l.out); (err != nil) != (tt.want != nil) {
				t.Fatalf("drain: %v", err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, l.client); !errors.Is(err, tt.want) {
				t.Errorf("the client's last read: %v, want %v", err, tt.want)
			}
		})
	}
}
