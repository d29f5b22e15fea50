package server

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// How long a client may say nothing until it is pinged, and how long its pong may take.
const (
	pingAfter  = 20 * time.Second
	pongWithin = 20 * time.Second
)

// A client's pong that waits to be read is no silence of the client.
func TestAPauseIsNoSilenceOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := relaytest.NewMachine(t)
		r := newRigWith(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Awake = m.Clock })
		c := r.dial("")
		c.until("ready")
		go func() { _, _ = io.Copy(io.Discard, c.wire) }() // takes pings, answers none, and ends with the connection
		time.Sleep(pingAfter + time.Second)
		m.Stop(2 * pongWithin)
		if len(r.srv.current()) != 1 {
			t.Fatal("the client is given up though the relay was not running to hear it")
		}
		time.Sleep(pongWithin + time.Second)
		if len(r.srv.current()) != 0 {
			t.Error("a client that is silent is kept")
		}
	})
}
