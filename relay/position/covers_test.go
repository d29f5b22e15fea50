package position

import (
	"testing"

	"voicerelay/text"
)

// A vendor may tell all its word times ahead of the audio. Where a frame ends within a word that is no place to break
// off, though the evidence reaches far beyond it.
func TestAudioMayBreakOffBetweenWordsOnly(t *testing.T) {
	t.Parallel()
	track := NewTrack(1000)
	track.Pieces = []spokenPiece{{at: 700}}
	track.Words = []text.Timed{{Start: 100, End: 300}, {Start: 330, End: 500}}
	for _, tt := range []struct {
		at   int64
		want bool
	}{
		{100, true},
		{101, false},
		{299, false},
		{300, true},
		{315, true},
		{330, true},
		{331, false},
		{500, true},
		{501, true},
		{700, true},  // the piece's end is known
		{701, false}, // no evidence reaches it
	} {
		if got := track.Covers(tt.at); got != tt.want {
			t.Errorf("covers(%d) = %v, want %v", tt.at, got, tt.want)
		}
	}
	if track.Pieces = nil; track.Covers(501) {
		t.Error("covers(501) without a piece's end behind it, want not")
	}
}
