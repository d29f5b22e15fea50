package server

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/downstream/body"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/refusals"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// faultyDialect has sessions that panic where the query of their handshake says. They speak what they get.
type faultyDialect struct{}

func (faultyDialect) Name() string   { return "faulty" }
func (faultyDialect) Prefix() string { return "" }

func (faultyDialect) Routes(on downstream.Server) []downstream.Route {
	serve := func(w http.ResponseWriter, r *http.Request, key *access.Key) {
		talk := func(s *session.Session) session.Talk { return &faultyTalk{s, r.URL.Query().Get("at")} }
		if refused := session.Serve(on, w, r, key, session.Handshake{Talk: talk}); refused != nil {
			downstream.WriteError(w, refused)
		}
	}
	return []downstream.Route{{Method: "GET", Path: "/v1/speech", Upgrade: true, Serve: serve}}
}

type faultyTalk struct {
	*session.Session
	at string
}

func (t *faultyTalk) fault(at string) {
	if t.at == at {
		panic("a fault of ours")
	}
}

func (t *faultyTalk) Opened()              {}
func (t *faultyTalk) Drains(time.Duration) {}

func (t *faultyTalk) Receive(ctx context.Context, _ websocket.MessageType, data []byte) {
	t.fault("receive")
	t.Go(func() { t.fault("go") })
	_, refused := t.Start(ctx, session.Order{Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
		request := relay.Request{ID: "a", Text: string(data), Final: true, Output: audio.Format{Encoding: audio.PCM16, Rate: 24000}}
		prepared, refused := t.On.Services().Engine.Prepare(request, routing.Target{}, held.Terms)
		return prepared, body.BareEncoder{}, downstream.WireError(refused)
	}})
	if refused != nil {
		t.Send([]byte(`{"type":"refused"}`))
	}
}

func (t *faultyTalk) Accepted(*relay.Generation)                 { t.fault("accepted") }
func (t *faultyTalk) Refused(*relay.Generation, *refusals.Error) {}

func (t *faultyTalk) Ended(_ *relay.Generation, finish func()) {
	t.fault("ended")
	t.Send([]byte(`{"type":"ended"}`))
	finish()
}

// A fault of ours in one client's session closes that one, and leaves nothing running. Others go on.
func TestAPanicInASessionEndsOnlyThatSession(t *testing.T) {
	for _, at := range []string{"receive", "go", "accepted", "ended"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := relaytest.NewFake()
				r := newRigWith(t, Config{}, []string{"alpha"}, fakes{"alpha": fake}, func(p *Parts) { p.Dialects = []downstream.Dialect{faultyDialect{}} })
				other := r.dial("")
				faulty := r.dial("?at=" + at)
				faulty.send("One.")
				if got := faulty.closeStatus(); got != websocket.StatusInternalError {
					t.Errorf("closed with %d, want %d", got, websocket.StatusInternalError)
				}
				synctest.Wait()
				if n := len(r.srv.current()); n != 1 {
					t.Errorf("%d sessions are left, want 1", n)
				}
				other.send("Two.")
				for {
					kind, data, err := other.conn.Read(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if kind == websocket.MessageText {
						if string(data) != `{"type":"ended"}` {
							t.Errorf("got %s", data)
						}
						return
					}
				}
			})
		})
	}
}
