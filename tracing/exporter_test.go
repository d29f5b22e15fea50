package tracing

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(of string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), of)
}

// await waits for a text, which is written by a goroutine that nobody waits for.
func (l *lines) await(t *testing.T, text string) {
	t.Helper()
	for until := time.Now().Add(5 * time.Second); l.count(text) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%q was not logged: %s", text, &l.text)
		}
	}
}

// collecting takes spans as its error says.
type collecting struct{ err error }

func (c *collecting) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return c.err }
func (c *collecting) Shutdown(context.Context) error                             { return nil }

func TestACollectorThatIsAwayIsToldOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		to := &collecting{errors.New("connection refused")}
		e := &exporter{to: to, log: zerolog.New(&log)}
		three := make([]sdktrace.ReadOnlySpan, 3)
		for range 25 { // 125 s: lines after 0, 60 and 120
			_ = e.ExportSpans(t.Context(), three)
			time.Sleep(5 * time.Second)
		}
		if got := log.count("traces are not exported"); got != 3 {
			t.Errorf("got %d lines in two minutes, want 3", got)
		}
		if log.count(`"lost":36`) != 2 {
			t.Errorf("the lines don't say how many spans were lost: %s", &log.text)
		}
		to.err = nil
		_ = e.ExportSpans(t.Context(), three)
		_ = e.ExportSpans(t.Context(), three)
		if got := log.count("traces are exported again"); got != 1 {
			t.Errorf("got %d lines of its return, want 1", got)
		}
	})
}
