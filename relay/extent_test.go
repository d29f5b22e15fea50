package relay

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/audio"
	"voicerelay/text"
)

// someTrack is pieces of words, of which some have times and some pieces an end, as vendors have it.
func someTrack(random *rand.Rand) track {
	t := newTrack(100 + random.IntN(8000))
	char, at := 0, int64(0)
	timed, marked := random.IntN(3), random.IntN(2) == 0
	for range 1 + random.IntN(4) {
		p := spokenPiece{start: char, at: -1}
		for range random.IntN(6) {
			beat := text.Beat{Token: text.Token{Start: char, End: char + 1 + random.IntN(9)}}
			p.beats = append(p.beats, beat)
			long := int64(random.IntN(t.rate))
			if timed == 2 || timed == 1 && random.IntN(2) == 0 {
				t.words = append(t.words, text.Timed{Token: text.Token{Start: beat.Start, End: beat.End}, Start: at, End: at + long})
			}
			at += long
			char = beat.End + random.IntN(3)
		}
		p.end = char
		if marked {
			p.at = at
		}
		t.pieces = append(t.pieces, p)
	}
	t.samples = at
	return t
}

// What is kept of a generation answers as its track does, at every place in its audio.
func TestAnExtentAnswersLikeItsTrack(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		track := someTrack(random)
		sent := random.Int64N(track.samples + 2)
		kept := track.extent(sent, track.reached)
		for range 200 {
			pos := random.Int64N(sent + 1)
			i := 0
			for i+1 < len(kept.steps) && int64(kept.steps[i+1].at) <= pos {
				i++
			}
			got := protocol.Spoken{Char: int(kept.steps[i].char), Source: extentSources[kept.steps[i].source]}
			if want := track.reached(pos); got != want {
				t.Fatalf("seed %d: %+v of %d, want %+v", seed, got, pos, want)
			}
		}
		played := audio.Duration(random.Int64N(sent+1), track.rate)
		if got, want := kept.played(played), track.reached(min(sent, audio.Samples(played, track.rate))); got != want {
			t.Errorf("seed %d: %+v of %v played, want %+v", seed, got, played, want)
		}
	}
}

func extentOf(steps int) extent { return extent{steps: make([]extentStep, steps)} }

func TestEndedGenerationsAreBounded(t *testing.T) {
	now := time.Now()
	var r register
	for i := range 2 * keptEnded {
		r.keep(fmt.Sprint("short", i), extentOf(20), now)
	}
	if len(r.ended) != keptEnded {
		t.Errorf("%d ended generations are kept, want %d", len(r.ended), keptEnded)
	}
	for i := range 20 {
		r.keep(fmt.Sprint("long", i), extentOf(4000), now)
	}
	steps := 0
	for _, e := range r.ended {
		steps += len(e.extent.steps)
	}
	if steps > keptSteps || len(r.ended) < 8 {
		t.Errorf("%d steps of %d generations are kept", steps, len(r.ended))
	}
	r.keep("endless", extentOf(2*keptSteps), now)
	if _, ok := r.past("endless", now); !ok || len(r.ended) != 1 {
		t.Errorf("of an endless generation %v is kept, with %d others", ok, len(r.ended)-1)
	}
}

// An idle connection forgets what ended long ago, though no further generation ends.
func TestAnIdleConnectionForgetsWhatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &session{}
		s.register.keep("g1", extentOf(1), time.Now())
		time.Sleep(keptFor)
		s.active(time.Now())
		if len(s.register.ended) != 1 {
			t.Error("a generation is forgotten too early")
		}
		time.Sleep(time.Second)
		s.active(time.Now())
		if s.register.ended != nil {
			t.Errorf("%d generations are kept after %v", len(s.register.ended), keptFor)
		}
	})
}
