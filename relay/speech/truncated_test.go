package speech

import (
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/relay/relaytest"
	"voicerelay/text"
	"voicerelay/upstream"
)

// A voice was counted, and now some of its words run together: that is no end in mid-speech, and however often it
// happens, it is held against the voice a few times at most.
func TestWordsThatRunTogetherAreNoEnd(t *testing.T) {
	beats := relaytest.PieceOf(relaytest.TwelveWords, 0).Beats()
	known := evenly(beats)
	tests := map[string]struct {
		share float64 // of the usual time
		want  bool
	}{
		"as long as usual":   {1, false},
		"a little shorter":   {0.85, false},
		"much shorter":       {0.7, true},
		"half and less":      {0.45, true},
		"longer than it was": {1.5, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := begun(deafCapabilities(), relaytest.TwelveWords)
			for range 3 {
				s.cfg.Voices.Learn(s.cfg.Voice, position.Observation{Beats: beats, Sounds: known, Rate: 1000, Speed: 1})
			}
			order(s)
			length := position.HeardUnits(beats) * s.cfg.Voices.Of(s.cfg.Voice).Unit.Seconds() * test.share
			for range int(length / relaytest.CharLength.Seconds()) {
				if err := hear(s, relaytest.SamplesPerChar); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.truncated(s.orders.pieces); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// evenly says each beat as one sound that takes what it usually does, with 40 ms of silence after it, in samples of a millisecond.
func evenly(beats []text.Beat) (said []audio.Sound) {
	at := int64(100)
	for _, b := range beats {
		end := at + int64(position.Weight(b)*float64(position.UsualUnit.Milliseconds()))
		said = append(said, audio.Sound{Start: at, End: end})
		at = end + 40
	}
	return said
}

func deafCapabilities() upstream.Capabilities { return relaytest.Deaf(upstream.PieceEndsExact).Caps }

// The least that a text takes is that of the speed the vendor can speak at.
func TestLeastAudioIsOfTheVendorsOwnSpeed(t *testing.T) {
	caps := deafCapabilities()
	caps.MinSpeed, caps.MaxSpeed = 1, 1
	s := begun(caps, relaytest.TwelveWords)
	s.cfg.Voices.Learn(s.cfg.Voice, position.Observation{
		Beats: relaytest.PieceOf(relaytest.TwelveWords, 0).Beats(), Sounds: []audio.Sound{{Start: 0, End: 4000}}, Rate: 1000, Speed: 1,
	})
	s.cfg.Speed = 0.5
	if got := s.orders.leastAudio(relaytest.TwelveWords); got > 4*time.Second {
		t.Errorf("got %v of a text that takes 4s", got)
	}
}
