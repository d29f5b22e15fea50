package ledger

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// lockedLog is a log that is read while the writer's goroutine may add to it.
type lockedLog struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A reader that stays has the log grow: its size is told, and the operator once in ten minutes. It is small again when the
// reader has gone.
func TestALogThatAReaderHoldsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := memory(t) + "/ledger.db"
		var log lockedLog
		l := mustOpen(t, Config{Path: file, Log: zerolog.New(&log)})
		l.writer.logLimit = 8 << 20 // 64 MB would take long; the writer has not looked yet
		db, err := openReading(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "BEGIN; SELECT COUNT(*) FROM records"); err != nil {
			t.Fatal(err)
		}
		n := 0
		for l.LogSize() < 9<<20 {
			enterFrom(t, l, n, 2000)
			n += 2000
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := strings.Count(log.String(), walReminder); got != 1 {
			t.Errorf("told %d times in half a minute, want once: %s", got, log.String())
		}
		time.Sleep(walSilence)
		synctest.Wait()
		if got := strings.Count(log.String(), walReminder); got != 2 {
			t.Errorf("told %d times in ten minutes more, want twice", got)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		before := l.LogSize()
		enterFrom(t, l, n, 2000)
		enterFrom(t, l, n+2000, 2000)
		if got := l.LogSize(); got > before+4<<20 {
			t.Errorf("the log has %d bytes though the reader is gone, %d before", got, before)
		}
		mustStop(t, l)
	})
}
