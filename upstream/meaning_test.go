package upstream_test

import (
	"slices"
	"testing"

	"voicerelay/upstream"
)

func TestEntriesAreInTheCodesOrder(t *testing.T) {
	got := upstream.Entries("close code", map[int]upstream.Meaning{
		4029: {Kind: upstream.Throttled, Message: "too fast"},
		1001: {Kind: upstream.Dropped, Message: "gone"},
	})
	want := []upstream.Entry{
		{Where: "close code", Code: "1001", Meaning: upstream.Meaning{Kind: upstream.Dropped, Message: "gone"}},
		{Where: "close code", Code: "4029", Meaning: upstream.Meaning{Kind: upstream.Throttled, Message: "too fast"}},
	}
	if !slices.Equal(got, want) {
		t.Errorf("Entries = %v, want %v", got, want)
	}
}

func TestHandshakeEntriesAskTheDialect(t *testing.T) {
	for _, e := range upstream.HandshakeEntries(upstream.RefusedKind) {
		if e.Code == "402" && e.Kind != upstream.NoCredit {
			t.Errorf("a refusal with 402 is %s, want %s", e.Kind, upstream.NoCredit)
		}
	}
}

// A takeover goes on by the best evidence that the provider gives.
func TestResume(t *testing.T) {
	tests := []struct {
		caps upstream.Capabilities
		want string
	}{
		{upstream.Capabilities{WordTimes: upstream.WordTimesCharacter, PieceEnds: upstream.PieceEndsNone}, "word_times"},
		{upstream.Capabilities{WordTimes: upstream.WordTimesNone, PieceEnds: upstream.PieceEndsCounted}, "segment"},
		{upstream.Capabilities{WordTimes: upstream.WordTimesNone, PieceEnds: upstream.PieceEndsNone}, "estimate"},
	}
	for _, test := range tests {
		if got := test.caps.Resume(); got != test.want {
			t.Errorf("Resume of %+v = %q, want %q", test.caps, got, test.want)
		}
	}
}
