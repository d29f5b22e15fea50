package vogent

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// newLine is a line that the sink hears at 8 kHz, where a millisecond is 16 bytes.
func newLine(sink upstream.Sink) *line {
	return &line{sink: sink, held: vendorsocket.Held{All: new(vendorsocket.Ahead), Most: maxHeld}, clock: upstream.Clock{Format: audio.Format{Encoding: audio.PCM16, Rate: 8000}}}
}

func b64(data []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(data)) }

// TestPiecesAreHeardInOrder has the frames of some pieces come mixed up in any way, each piece's own in order: the
// sink hears what it would of pieces that come one after another.
func TestPiecesAreHeardInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 40), 0, 5), 1, 5).Draw(rt, "sizes")
		sink := upstreamtest.NewSink(t)
		l := newLine(sink)
		var want []byte
		var ends []int
		var words []upstream.Word
		queues := make([][][]byte, len(sizes))
		for piece, frames := range sizes {
			l.order(upstream.Piece{ID: piece, Text: "x"})
			start := time.Duration(len(want)/2) * time.Second / 8000
			words = append(words, upstream.Word{Text: fmt.Sprint(piece), Piece: piece, Start: start, End: start + ms, Score: -1})
			for _, n := range frames {
				data := bytes.Repeat([]byte{byte(len(want))}, n)
				queues[piece] = append(queues[piece], data)
				want = append(want, data...)
			}
			if len(want)%2 != 0 {
				want = append(want, 0)
			}
			ends = append(ends, len(want))
		}
		told := make([]bool, len(sizes))
		for open := len(sizes); open > 0; {
			piece := rapid.IntRange(0, len(sizes)-1).Draw(rt, "piece")
			switch {
			case !told[piece]:
				told[piece] = true
				l.words(piece, []wordTime{{fmt.Sprint(piece), 0, ms}})
			case len(queues[piece]) > 0:
				if !l.audio(piece, b64(queues[piece][0])) {
					rt.Fatal("too much is held")
				}
				queues[piece] = queues[piece][1:]
			default:
				if g, _ := l.find(piece); g != nil {
					l.finish(piece, nil)
					open--
				}
			}
		}
		h := sink.Heard()
		if !bytes.Equal(h.Audio, want) || !slices.Equal(h.PieceBytes, ends) || !slices.Equal(h.Words, words) {
			rt.Errorf("got %v, pieces after %v, words %v\nwant %v, %v, %v", h.Audio, h.PieceBytes, h.Words, want, ends, words)
		}
		if l.held.Size() != 0 || len(l.pieces) != 0 {
			rt.Errorf("%d bytes and %d pieces are left", l.held.Size(), len(l.pieces))
		}
	})
}

func TestWhatIsHeldIsBounded(t *testing.T) {
	l := newLine(upstreamtest.NewSink(t))
	for piece := range 3 {
		l.order(upstream.Piece{ID: piece, Text: "x"})
	}
	mega := bytes.Repeat([]byte("AAAA"), 1<<18)
	for i := range maxHeld/len(mega) - 1 {
		if !l.audio(1+i%2, mega) {
			t.Fatalf("refused after %d of %d", i*len(mega), maxHeld)
		}
	}
	if l.audio(2, mega) {
		t.Errorf("took more than %d bytes", maxHeld)
	}
	if !l.audio(0, mega) {
		t.Error("refused audio whose turn it is")
	}
	l.finish(0, nil)
	if !l.audio(2, mega) {
		t.Error("refused audio though some had been handed on")
	}
}

// TestWordsAreToldOnce has a vendor that tells all of a piece's words each time.
func TestWordsAreToldOnce(t *testing.T) {
	sink := upstreamtest.NewSink(t)
	l := newLine(sink)
	l.order(upstream.Piece{ID: 0, Text: "x"})
	l.order(upstream.Piece{ID: 1, Text: "x"})
	words := []wordTime{{"no", 0, 90 * ms}, {"no", 100 * ms, 190 * ms}, {"yes", 100 * ms, 290 * ms}}
	for n := range len(words) + 1 {
		l.words(0, words[:n])
	}
	l.words(0, words[:1])
	l.audio(0, b64(make([]byte, 16*100)))
	l.finish(0, nil)
	l.words(1, words[:1])
	l.words(0, words) // too late
	want := []upstream.Word{
		{Text: "no", Start: 0, End: 90 * ms, Score: -1},
		{Text: "no", Start: 100 * ms, End: 190 * ms, Score: -1},
		{Text: "yes", Start: 100 * ms, End: 290 * ms, Score: -1},
		{Text: "no", Piece: 1, Start: 100 * ms, End: 190 * ms, Score: -1},
	}
	if got := sink.Heard().Words; !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// All streams together hold no more than their provider lets them, and what a stream held is free with its end.
func TestStreamsShareWhatTheyHold(t *testing.T) {
	ahead := new(vendorsocket.Ahead)
	frame := bytes.Repeat([]byte("AAAA"), 1<<18)
	var lines []*line
	full := false
	for !full {
		l := newLine(upstreamtest.NewSink(t))
		l.held.All = ahead
		l.order(upstream.Piece{ID: 0, Text: "one"})
		l.order(upstream.Piece{ID: 1, Text: "two"})
		for n := 0; n+len(frame) < maxHeld && !full; n += len(frame) + eventSize {
			full = !l.audio(1, frame)
		}
		lines = append(lines, l)
		if len(lines) > 100 {
			t.Fatalf("%d bytes are held", ahead.Held())
		}
	}
	for _, l := range lines {
		l.drop()
	}
	if ahead.Held() != 0 {
		t.Errorf("%d bytes are held by no stream", ahead.Held())
	}
}
