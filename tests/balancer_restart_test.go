package tests

import (
	"context"
	"flag"
	"testing"
	"time"

	relayclient "github.com/voicerelay/voicerelay/client"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// restartCalls is how many calls run behind each balancer while the relays are restarted. make restarts has 100; more than a few
// take all of the machine, so that balancers are tried one after the other then.
var restartCalls = flag.Int("calls", 9, "how many calls run behind each balancer while relays are restarted")

// TestARollingRestartLosesNoCall restarts two relays in turn behind each sample in deploy/, as docs/operating.md says: with
// drain_delay, and each when the balancer uses the one before again. No caller is refused, and every speech is heard to its end.
// A third of the callers keep their connection, a third open a WebSocket for each speech, and a third ask by HTTP.
func TestARollingRestartLosesNoCall(t *testing.T) {
	for name, run := range balancers {
		t.Run(name, func(t *testing.T) {
			if *restartCalls < 20 {
				t.Parallel()
			}
			fleet := newFleet(t)
			front := process.FreeAddress(t)
			run(t, front, fleet.addresses)

			callers, began := newCallers(t, front), time.Now()
			callers.call(*restartCalls / 3)
			callers.speak(*restartCalls/3, callers.overWebSocket)
			callers.speak(*restartCalls-*restartCalls/3*2, callers.byHTTP)
			for i := range fleet.relays {
				callers.awaitSpeech(2 * *restartCalls)
				fleet.restart(i)
			}
			callers.awaitSpeech(2 * *restartCalls)
			callers.hangUp()
			t.Logf("%d calls, %d of them lost, in %v", *restartCalls, len(callers.lost), time.Since(began).Round(time.Second))
			for _, err := range callers.lost {
				t.Errorf("lost: %v", err)
			}
			if callers.again > 0 && name != "nginx" { // it can't ask /readyz, so newcomers come until the relay refuses them
				t.Errorf("%d were turned away", callers.again)
			}
		})
	}
}

// A fleet is two relays that are restarted without a loss.
type fleet struct {
	t         *testing.T
	vendor    *vendor
	addresses []string // of clients
	admin     []string // of operators
	dirs      []string
	relays    []*relay
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{t: t, vendor: emulate(t, emulator.Options{})}
	for i := range 2 {
		f.addresses, f.admin = append(f.addresses, process.FreeAddress(t)), append(f.admin, process.FreeAddress(t))
		f.dirs = append(f.dirs, t.TempDir())
		f.relays = append(f.relays, f.launch(i))
	}
	return f
}

func (f *fleet) launch(i int) *relay {
	f.t.Helper()
	c := speaksByOne(f.vendor)
	c.Listen, c.AdminListen = f.addresses[i], f.admin[i]
	c.Keys = []map[string]any{{"name": "agents", "tenant": "acme", "key": proofKey("acme")}}
	c.DrainDelay = "2s" // longer than a balancer's second between two checks
	return serveIn(f.t, f.dirs[i], c)
}

// restart stops a relay, starts it again, and waits until the balancer sends callers to it.
func (f *fleet) restart(i int) {
	f.t.Helper()
	f.relays[i].Terminate()
	if code := f.relays[i].Exit(); code != 0 {
		f.t.Errorf("the relay ended with exit code %d", code)
	}
	f.relays[i] = f.launch(i)
	operator := &relay{t: f.t, url: "http://" + f.admin[i]}
	operator.awaitMetric(f.t, "relay_generations_total", func(spoken float64) bool { return spoken > 0 })
}

// call has n callers speak on a client of the relay's own protocol each, which keeps its connection until its relay goes.
func (c *callers) call(n int) {
	for range n {
		c.wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			client, err := relayclient.Dial(ctx, relayclient.Config{URL: "http://" + c.front, Key: proofKey("acme")})
			if err != nil {
				c.t.Errorf("a client does not connect: %v", err)
				return
			}
			defer client.Close()
			c.loop(func(ctx context.Context) (time.Time, error) { return utter(ctx, client) })
		})
	}
}

// utter speaks on a client, and says when the first audio came.
func utter(ctx context.Context, client *relayclient.Client) (first time.Time, err error) {
	speech, err := client.Speak(ctx, relayclient.Request{Text: "Hello there, caller."})
	if err != nil {
		return first, err
	}
	defer speech.Close()
	for _, err := range speech.Audio() {
		if err != nil {
			return first, err
		}
		if first.IsZero() {
			first = time.Now()
		}
	}
	_, err = speech.Wait(ctx)
	return first, err
}
