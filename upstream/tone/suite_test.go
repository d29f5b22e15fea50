package tone

import (
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestSuite(t *testing.T) {
	for name, cfg := range map[string]Config{
		"at once":  {},
		"paced":    {Pace: 10, Latency: 100_000_000, Base64: true},
		"bare":     {NoWords: true, NoPieceEnds: true},
		"odd ones": {OddChunks: true, Chunk: 30_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			upstreamtest.Run(t, upstreamtest.Subject{
				NoWire:  true,
				Request: request,
				Open:    func(env upstream.Env) (upstream.Provider, error) { return New(cfg, env), nil },
				Audio:   func(text string) []byte { return render(nil, text, 24000, 1) },
				Words: func(text string) []upstream.Word {
					var ws []upstream.Word
					for _, w := range words(text) {
						ws = append(ws, upstream.Word{Text: w.text, Start: w.start, End: w.end})
					}
					return ws
				},
			})
		})
	}
}
