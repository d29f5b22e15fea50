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

// A vendor that tells the times of a text before it speaks it, and ends in its middle, has not spoken what lies beyond its audio. Times
// that are wrong are no such end: then there is as much audio as the text needs.
func TestWordsToldBeyondTheAudioAreNotSpoken(t *testing.T) {
	beats := relaytest.PieceOf(relaytest.TwelveWords, 0).Beats()
	last := beats[len(beats)-1].End
	for name, c := range map[string]struct {
		audio float64 // of the time that the words take by their times
		times float64 // by which they are too long
		want  bool
	}{
		"all of it":                 {1, 1, false},
		"all but the last words":    {0.8, 1, false},
		"half of it":                {0.5, 1, true},
		"little of it":              {0.2, 1, true},
		"times that run far too on": {1, 1.8, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(relaytest.NewFake().Caps, relaytest.TwelveWords)
			order(s)
			length := time.Duration(position.HeardUnits(beats) * float64(position.UsualUnit))
			var words []upstream.Word
			for _, b := range beats {
				at := func(char int) time.Duration {
					return time.Duration(c.times * float64(length) * float64(char) / float64(last))
				}
				words = append(words, upstream.Word{Text: b.Text, Start: at(b.Start), End: at(b.End)})
			}
			if err := s.Words(words); err != nil {
				t.Fatal(err)
			}
			for range int(c.audio * length.Seconds() / relaytest.CharLength.Seconds()) {
				if err := hear(s, relaytest.SamplesPerChar); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.truncated(s.orders.pieces); got != c.want {
				t.Errorf("truncated: %t, want %t", got, c.want)
			}
		})
	}
}

// Times that can't be true are no times, but they say that something is wrong: audio that is short for the text is an end in its middle
// then, also of a voice that was never listened to.
func TestShortAudioWithOddTimesIsAnEnd(t *testing.T) {
	beats := relaytest.PieceOf(relaytest.TwelveWords, 0).Beats()
	for share, want := range map[float64]bool{0.3: true, 0.5: true, 0.7: false, 1: false} {
		s := begun(relaytest.NewFake().Caps, relaytest.TwelveWords)
		order(s)
		length := share * position.HeardUnits(beats) * position.UsualUnit.Seconds()
		var words []upstream.Word
		for _, b := range beats { // all at the end of the audio
			words = append(words, upstream.Word{Text: b.Text, Start: time.Duration(length * float64(time.Second)), End: time.Duration(length * float64(time.Second))})
		}
		if err := s.Words(words); err != nil {
			t.Fatal(err)
		}
		for range int(length / relaytest.CharLength.Seconds()) {
			if err := hear(s, relaytest.SamplesPerChar); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.truncated(s.orders.pieces); got != want {
			t.Errorf("%v of the usual time: truncated %t, want %t", share, got, want)
		}
	}
}
