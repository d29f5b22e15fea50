package elevenlabs

import (
	"testing"

	"voicerelay/downstream/downstreamtest"
)

// Every program gets what it expects of the dialect, whatever its manner.
func TestSuite(t *testing.T) {
	for name, m := range map[string]manner{"pipecat": pipecat, "tokens": tokens, "livekit": livekit} {
		t.Run(name, func(t *testing.T) {
			downstreamtest.Run(t, downstreamtest.Dialect{
				Under: Dialect{},
				Dial: func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
					c, err := dial(r, as, m)
					if err != nil {
						return nil, err
					}
					return c, nil
				},
				Can: downstreamtest.Can{
					Tokens: name == "tokens", Flush: true, Turns: true, Parallel: true, Interrupt: true, Words: true, TellsFailure: true,
				},
			})
		})
	}
}
