package elevenlabs

import (
	"strconv"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// TestAReasonTellsClosesApart closes with the texts of error frames, as the vendor does where it sends none.
func TestAReasonTellsClosesApart(t *testing.T) {
	for _, c := range []struct {
		code   int
		reason string
		want   upstream.Kind
	}{
		{1008, "Invalid API key", upstream.AuthFailed},
		{1008, "A voice with that voice_id does not exist.", upstream.Rejected},
		{1008, "This request exceeds your quota limit.", upstream.NoCredit},
		{1002, "This request exceeds your quota limit.", upstream.NoCredit},
		{1008, "We are sorry, something went wrong. You are not charged for this request.", upstream.UpstreamError},
		{1008, "Have not received a new text input within the timeout of 20 seconds", upstream.Dropped},
		{1008, "voice_settings field must be provided in the first message", upstream.Rejected},
		{1008, "", upstream.UpstreamError},
		{1008, "what nobody has seen", upstream.UpstreamError},
		{1013, "what nobody has seen", upstream.ConnectFailed},
		{4321, "what nobody has seen", upstream.Dropped},
		{-1, "", upstream.Dropped},
	} {
		err := (&dialect{}).ClosedBecause(c.code, c.reason)
		if err.Kind != c.want {
			t.Errorf("%d %q: got %s, want %s", c.code, c.reason, err.Kind, c.want)
		}
		if c.code > 0 && err.Code != strconv.Itoa(c.code) {
			t.Errorf("%d %q: got code %q", c.code, c.reason, err.Code)
		}
		upstreamtest.CheckError(t, err, nil, "API key", "nobody has seen")
	}
}

// TestTextFarFromTheStartIsNotSearched has what may be the client's own words after the vendor's.
func TestTextFarFromTheStartIsNotSearched(t *testing.T) {
	words := "The vendor has no words of its own that are in any list, but it may well repeat what it was given: say quota"
	if got := unnamed(0, words); got.Kind != upstream.UpstreamError {
		t.Errorf("got %s, want upstream_error", got.Kind)
	}
}
