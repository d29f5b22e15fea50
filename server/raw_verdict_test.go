package server

import (
	"fmt"
	"testing"
	"testing/synctest"

	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// A voice that the client has made up may be at fault itself, and so may its options: neither speaks against a target, however
// often it fails. A configured voice does.
func TestOnlyWhatIsConfiguredSpeaksAgainstATarget(t *testing.T) {
	for name, tt := range map[string]struct {
		more string
		want routing.State
	}{
		"configured voice":   {"", routing.Open},
		"raw voice":          {`,"voice":"alpha/none"`, routing.Closed},
		"options of its own": {`,"provider_options":{"alpha":{"odd":1}}`, routing.Closed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := relaytest.NewFake()
				f.FailAt, f.Failure = 1, &upstream.Error{Kind: upstream.UpstreamError, Message: "ill"}
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
				c := r.dial("")
				for i := range 3 * routing.DefaultCircuit().ConsecutiveFailures {
					c.send(generate(fmt.Sprint("g", i), "Hello.", tt.more))
					for kind := ""; kind != "done" && kind != "error"; {
						kind = c.next().kind()
					}
				}
				if n := len(f.Asked); n < routing.DefaultCircuit().ConsecutiveFailures {
					t.Errorf("the target was asked %d times, which proves nothing", n)
				}
				if got := r.setup().State(routing.Target{Provider: "alpha", Model: "m1"}); got != tt.want {
					t.Errorf("the circuit is %s, want %s", got, tt.want)
				}
			})
		})
	}
}
