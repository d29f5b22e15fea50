package speech

import (
	"testing"

	"voicerelay/relay/relaytest"
)

// None of a tag's letters count as speech that is missing.
func TestTagsTakeNoTime(t *testing.T) {
	s := begun(relaytest.NewFake().Caps, "Hello there.")
	if got := s.orders.shortestSpeech(`Hi <phoneme alphabet="ipa" ph="a long one">you</phoneme> [laughs]`); got != 5*shortAudio {
		t.Errorf("the least audio is %v, want that of five letters", got)
	}
}
