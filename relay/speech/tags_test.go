package speech

import (
	"testing"
	"time"

	"voicerelay/relay/relaytest"
)

// None of a tag's letters count as speech that is missing.
func TestTagsTakeNoTime(t *testing.T) {
	s := begun(relaytest.NewFake().Caps, "Hello there.")
	if got := s.orders.shortestSpeech(`Hi <phoneme alphabet="ipa" ph="a long one">you</phoneme> [laughs]`); got != 5*shortAudio {
		t.Errorf("the least audio is %v, want that of five letters", got)
	}
}

// A text that is cut anew, since a budget ended it, is still sent without the tags that the vendor does not know.
func TestTagsAreLeftOutOfARecutText(t *testing.T) {
	s := begun(relaytest.NewFake().Caps, "Hi <emphasis>you</emphasis> there.")
	s.Recut()
	if p, ok := s.Next(time.Now()); !ok || p.Text != "Hi you there." {
		t.Errorf("the vendor gets %q, %v", p.Text, ok)
	}
	if s.Recut(); !s.IsStripped() {
		t.Error("the tag that was left out is forgotten")
	}
}
