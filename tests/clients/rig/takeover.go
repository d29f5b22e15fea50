package rig

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// KillIn has a vendor die in the middle of a word, as in BreakIn: from then on its connections are refused too.
func (r *Rig) KillIn(t *testing.T, vendor, text string, n int) {
	t.Helper()
	r.BreakIn(t, vendor, text, n)
	v, over := r.vendor(t, vendor), make(chan struct{})
	broken := func(s emulator.Stats) bool { return len(s.Streams) > 0 && s.Streams[0].Over }
	go func() {
		defer close(over)
		for t.Context().Err() == nil && !v.WaitFor(broken, settled/10) {
		}
		if err := v.Close(); err != nil {
			t.Errorf("close the emulator: %v", err)
		}
	}()
	t.Cleanup(func() { <-over })
}

// Takeover is how a turn came through in which the vendor first broke off, and the vendor second took over.
type Takeover struct {
	// Ended is why the turn was not spoken to its end by second; nil: it was.
	Ended error
	// Heard is why the words of the text are not heard each once, in order; nil: they are.
	Heard error
	// Cuts is how many beginnings of words are heard besides: at most one for each stream that broke off.
	Cuts int
	// Timed is whether the client has times of words. If so, Times is why they are wrong, nil: they rise, and are close to the words
	// in the audio, of which the farthest is Off from its time.
	Timed bool
	Times error
	Off   time.Duration
	// Wait is the longest between two pieces of the turn's audio. Silence is the longest that a listener hears who plays the audio
	// from its first piece on.
	Wait, Silence time.Duration
	// Logged is what the client has logged, at warning or above.
	Logged []Log
}

// Takeover judges a turn, whose audio is 16-bit samples at a rate in hertz. timed: the client has times of words.
func (r *Rig) Takeover(told *Told, id string, rate int, text string, timed bool) Takeover {
	turn := told.Turn(id)
	turn.Cuts = len(r.Vendors["first"].Stats().Streams)
	judged := Takeover{Timed: timed, Logged: told.logged()}
	switch second := len(r.Vendors["second"].Stats().Streams); {
	case turn.Error != nil:
		judged.Ended = fmt.Errorf("failed: %+v", *turn.Error)
	case !turn.Ended:
		judged.Ended = errors.New("not spoken to its end")
	case turn.Cuts == 0 || second == 0:
		judged.Ended = fmt.Errorf("the first vendor spoke %d times, the second %d times", turn.Cuts, second)
	}
	_, judged.Cuts, judged.Heard = turn.sift(rate, text)
	if judged.Heard == nil {
		judged.Heard = turn.says(rate, text)
	}
	if timed {
		judged.Off, judged.Times = turn.times(rate, text)
	}
	judged.Wait, judged.Silence = told.gaps(id, rate)
	return judged
}

// Unnoticed wants the client to have noticed nothing.
func (to Takeover) Unnoticed(t *testing.T) {
	t.Helper()
	if err := errors.Join(to.Ended, to.Heard, to.Times); err != nil {
		t.Error(err)
	}
	for _, log := range to.Logged {
		t.Errorf("the client logged %+v", log)
	}
}

// gaps are the longest wait between two pieces of a turn's audio, and the longest silence of who plays it from the first on.
func (told *Told) gaps(id string, rate int) (wait, silence time.Duration) {
	var last, played time.Duration // when the last piece came, and until when what has come can be played
	for _, line := range told.Lines {
		if line.ID != id || len(line.Audio) == 0 {
			continue
		}
		at := seconds(line.At)
		if played > 0 {
			wait = max(wait, at-last)
			silence = max(silence, at-played)
		}
		length := time.Duration(len(line.Audio)/2) * time.Second / time.Duration(rate)
		last, played = at, max(at, played)+length
	}
	return wait, silence
}
