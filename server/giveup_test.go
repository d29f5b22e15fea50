package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/relaytest"
)

// Whenever a client takes bytes again, and however slowly, it hears whole messages, and is either served on or closed with
// the reason: the time for a close is not prolonged by each byte that it takes.
func TestGivingUpEndsTheConnection(t *testing.T) {
	const patience = 5 * time.Second
	for _, resumes := range []time.Duration{patience - 1, patience, patience + 1, patience + delivery.CloseFramePatience/2, patience + delivery.CloseFramePatience} {
		for _, step := range []int{1 << 20, 100} {
			t.Run(fmt.Sprint(resumes, " ", step), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := quick(func(l *limits.Config) { l.WriteTimeout = patience })
					r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
					c := r.dial("")
					c.next()
					c.send(generate("g1", relaytest.TwelveWords, ""))
					began := time.Now()
					time.Sleep(resumes)
					got := readSlowly(websocketNetConn(c), step)
					took := time.Since(began)
					time.Sleep(time.Millisecond)
					bodies, _ := relaytest.CutFrames(t, got)
					for i, body := range bodies {
						if !json.Valid([]byte(body)) && i < len(bodies)-1 { // the last may be a close
							t.Fatalf("message %d is no JSON: %.100q", i, body)
						}
					}
					switch {
					case bytes.Contains(got, []byte(`"type":"done"`)):
						if resumes > patience {
							t.Error("served on, though it had been given up")
						}
					case took > patience+delivery.CloseFramePatience+time.Second:
						t.Errorf("the connection ended after %v", took)
					case len(r.srv.current()) != 0:
						t.Errorf("%d sessions are still counted", len(r.srv.current()))
					}
				})
			})
		}
	}
}

// readSlowly takes so many bytes each 100 ms until the connection ends, or the generation.
func readSlowly(wire net.Conn, step int) (got []byte) {
	buf := make([]byte, step)
	for {
		n, err := wire.Read(buf)
		if got = append(got, buf[:n]...); err != nil || bytes.Contains(got, []byte(`"type":"done"`)) {
			return got
		}
		time.Sleep(100 * time.Millisecond)
	}
}
