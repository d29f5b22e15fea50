package upstreamtest

import (
	"testing"

	"voicerelay/upstream"
)

// Quiet is a sink that counts what it takes and keeps nothing, so that what is measured is the adapter alone.
type Quiet struct {
	Frames int
	Timed  int // words
	Ends   int // of which a stream has one
}

// Audio counts the frame.
func (q *Quiet) Audio(upstream.Frame) { q.Frames++ }

// Words counts the words.
func (q *Quiet) Words(ws []upstream.Word) { q.Timed += len(ws) }

// Withheld does nothing.
func (q *Quiet) Withheld(int) {}

// PieceEnd does nothing.
func (q *Quiet) PieceEnd(int) {}

// End counts the end.
func (q *Quiet) End(upstream.Usage, error) { q.Ends++ }

// CheckAllocs fails a test whose step allocates more than most times on average. Under the race detector it only takes
// a step: pools are emptied at random there.
func CheckAllocs(t *testing.T, most float64, step func()) {
	t.Helper()
	step() // buffers reach their size
	if raceEnabled {
		return
	}
	if got := testing.AllocsPerRun(100, step); got > most {
		t.Errorf("got %v allocations, want at most %v", got, most)
	}
}

// BenchFrame measures a step that reads a frame.
func BenchFrame(b *testing.B, frame []byte, read func() *upstream.Error) {
	b.Helper()
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if err := read(); err != nil {
			b.Fatal(err)
		}
	}
}

// CheckFrameAllocs fails a test where reading a usual frame of audio allocates, or brings the sink none.
func CheckFrameAllocs(t *testing.T, sink *Quiet, read func() *upstream.Error) {
	t.Helper()
	CheckAllocs(t, 0, func() {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Frames == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
}
