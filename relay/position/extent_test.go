package position

import (
	"math/rand/v2"
	"testing"

	"voicerelay/audio"
	"voicerelay/text"
)

// someTrack is pieces of words, of which some have times and some pieces an end, as vendors have it.
func someTrack(random *rand.Rand) Track {
	t := NewTrack(100 + random.IntN(8000))
	char, at := 0, int64(0)
	timed, marked := random.IntN(3), random.IntN(2) == 0
	for range 1 + random.IntN(4) {
		p := spokenPiece{start: char, at: -1}
		for range random.IntN(6) {
			beat := text.Beat{Token: text.Token{Start: char, End: char + 1 + random.IntN(9)}}
			p.Beats = append(p.Beats, beat)
			long := int64(random.IntN(t.Rate))
			if timed == 2 || timed == 1 && random.IntN(2) == 0 {
				t.Words = append(t.Words, text.Timed{Token: text.Token{Start: beat.Start, End: beat.End}, Start: at, End: at + long})
			}
			at += long
			char = beat.End + random.IntN(3)
		}
		p.end = char
		if marked {
			p.at = at
		}
		t.Pieces = append(t.Pieces, p)
	}
	t.Samples = at
	return t
}

// What is kept of a generation answers as its track does, at every place in its audio.
func TestAnExtentAnswersLikeItsTrack(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		track := someTrack(random)
		sent := random.Int64N(track.Samples + 2)
		kept := track.Extent(sent, track.Reached)
		for range 200 {
			pos := random.Int64N(sent + 1)
			i := 0
			for i+1 < len(kept.Steps) && int64(kept.Steps[i+1].at) <= pos {
				i++
			}
			got := Spoken{Char: int(kept.Steps[i].char), Source: extentSources[kept.Steps[i].source]}
			if want := track.Reached(pos); got != want {
				t.Fatalf("seed %d: %+v of %d, want %+v", seed, got, pos, want)
			}
		}
		played := audio.Duration(random.Int64N(sent+1), track.Rate)
		if got, want := kept.Played(played), track.Reached(min(sent, audio.Samples(played, track.Rate))); got != want {
			t.Errorf("seed %d: %+v of %v played, want %+v", seed, got, played, want)
		}
	}
}
