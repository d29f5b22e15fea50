package upstreamtest

import (
	"testing"

	"voicerelay/upstream"
)

// Reading is a stream in the middle of its speech, whose vendor's frames a test gives in the place of its socket's reader.
type Reading struct {
	// Frame gives its socket a frame, in which what stands for the stream's ids is replaced.
	Frame func(data string) *upstream.Error
	// Lose ends the stream without a word to a vendor, since there is none.
	Lose func()
}

// FrameCase is a frame, and what comes of it.
type FrameCase struct {
	Frame string
	Kind  upstream.Kind // of the socket's end; empty: it goes on
	// Frames of audio, words and ends of pieces that reach the sink.
	Frames, Words, Pieces int
}

// CheckFrames gives a stream each frame. read begins a stream with the sink.
func CheckFrames(t *testing.T, cases map[string]FrameCase, read func(t *testing.T, sink *Loose) Reading) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sink := &Loose{TB: t}
			r := read(t, sink)
			defer r.Lose()
			err := r.Frame(c.Frame)
			if (err == nil) != (c.Kind == "") || err != nil && err.Kind != c.Kind {
				t.Errorf("got %v, want %q", err, c.Kind)
			}
			if sink.Frames != c.Frames || len(sink.Told) != c.Words || len(sink.Pieces) != c.Pieces {
				t.Errorf("got %d frames, %d words and %d ends of pieces, want %d, %d and %d",
					sink.Frames, len(sink.Told), len(sink.Pieces), c.Frames, c.Words, c.Pieces)
			}
		})
	}
}

// FuzzFrames gives a stream frames of any bytes, three in a row, and loses it: it must have one end, and no error may tell
// more than the contract lets it.
func FuzzFrames(f *testing.F, read func(t *testing.T, sink *Loose) Reading) {
	f.Fuzz(func(t *testing.T, first, second, third string) {
		sink := &Loose{TB: t}
		r := read(t, sink)
		for _, data := range []string{first, second, third} {
			if err := r.Frame(data); err != nil {
				CheckError(t, err, nil)
			}
		}
		r.Lose()
		if sink.Ends != 1 {
			t.Errorf("got %d ends, want 1", sink.Ends)
		}
		CheckError(t, sink.Err, nil)
	})
}
