package livekit

import (
	"testing"
	"time"
)

// Text that reaches a generation only once its text counts as finished is spoken by another one, in the same turn.
func TestLateTextIsSpokenByAnotherPart(t *testing.T) {
	var q turns
	q.add("One. ", settings{})
	q.add("Two. ", settings{})
	if _, over := q.flush(); over != nil {
		t.Error("the turn is over before it was spoken")
	}
	if q.end(len("One. "), time.Second) {
		t.Error("the turn is over, though text is left")
	}
	next := q.next()
	if next == nil || next.text.Text() != "Two. " || !next.final || next.turn.spoken != time.Second {
		t.Fatalf("then comes %+v", next)
	}
	if !q.end(len("Two. "), time.Second) || q.next() != nil {
		t.Error("the turn is not over")
	}
}

func TestSentencesWithoutSpacesAreJoined(t *testing.T) {
	var q turns
	q.add("One.", settings{})
	p, joined, _ := q.add("Two.", settings{})
	if joined != " Two." || p.text.Text() != "One. Two." {
		t.Errorf("appended %q to %q", joined, p.text.Text())
	}
}

func TestOtherSettingsCloseThePart(t *testing.T) {
	var q turns
	first, _, _ := q.add("One. ", settings{Voice: "a"})
	second, _, closed := q.add("Two. ", settings{Voice: "b"})
	if closed != first || !first.final || second == first || second.turn != first.turn {
		t.Errorf("closed %+v for %+v", closed, second)
	}
	if got, over := q.flush(); got != second || over != nil || !second.final {
		t.Errorf("a flush closed %+v", got)
	}
}
