package server

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// A voice that takes over goes on in any output: one header, one clock, as many samples as are told.
func TestTakeoverInEveryOutput(t *testing.T) {
	for _, test := range []struct {
		encoding           string
		rate, size, header int
	}{
		{"pcm_s16le", 24000, 2, 0},
		{"pcm_s16le", 48000, 2, 0},
		{"wav", 24000, 2, 44},
		{"wav", 16000, 2, 44},
		{"pcm_f32le", 24000, 4, 0},
		{"mulaw", 8000, 1, 0},
		{"alaw", 8000, 1, 0},
	} {
		t.Run(fmt.Sprint(test.encoding, " ", test.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := relaytest.Lively()
				first.FailAt, first.Failure = 44, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": relaytest.Lively()}).dial("")
				c.send(generate("g1", relaytest.TwelveWords, fmt.Sprintf(`,"output":{"encoding":%q,"sample_rate":%d}`, test.encoding, test.rate)))
				done, events := c.until("done")
				taken := func(e event) bool { return e.kind() == "rerouted" && e["reason"] == "dropped" }
				if done["reason"] != "completed" || !slices.ContainsFunc(events, taken) {
					t.Fatalf("got %v, want a takeover", done)
				}
				size, samples, seq := 0, int64(0), 0
				for _, e := range events {
					if e.kind() != "audio" {
						continue
					}
					if e["seq"] != float64(seq) || e["start_ms"] != float64(audio.Milliseconds(samples, test.rate)) {
						t.Fatalf("frame %d after %d samples: got %v at %v ms", seq, samples, e["seq"], e["start_ms"])
					}
					raw, err := base64.StdEncoding.DecodeString(e["audio"].(string))
					if err != nil {
						t.Fatal(err)
					}
					size, samples, seq = size+len(raw), samples+int64(e["samples"].(float64)), seq+1
				}
				if want := test.header + int(samples)*test.size; size != want {
					t.Errorf("got %d bytes for %d samples, want %d", size, samples, want)
				}
				least := int64(len(relaytest.TwelveWords)) * audio.Samples(relaytest.CharLength, test.rate)
				if samples < least-audio.Samples(4*relaytest.CharLength, test.rate) {
					t.Errorf("got %d samples, want about %d", samples, least)
				}
			})
		})
	}
}
