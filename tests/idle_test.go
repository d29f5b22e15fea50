package tests

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator"
)

func TestPingsAreAnswered(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for _, id := range []string{"1", "", "ünï ✓", "a b"} {
		mark := c.mark()
		c.send(j{"type": "ping", "id": id})
		c.awaitFrom(mark, "pong", func(m message) bool { return m.kind == "pong" && m.PongID != nil && *m.PongID == id })
	}
	mark := c.mark()
	c.send(j{"type": "ping"})
	c.awaitFrom(mark, "pong without id", func(m message) bool { return m.kind == "pong" && m.PongID == nil })
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if err := c.conn.Ping(ctx); err != nil {
		t.Errorf("a WebSocket ping has no pong: %v", err)
	}
}

// A connection on which the client says nothing is closed; one on which something runs is not.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"idle_timeout": "1500ms"})
	r := serve(t, cfg)
	begun := time.Now()
	silent, busy := r.dial(t), r.dial(t)
	busy.send(j{"type": "generate", "generation_id": "open", "text": "", "final": false})
	busy.accepted("open")
	silent.closed(4408)
	if took := time.Since(begun); took < 1400*time.Millisecond {
		t.Errorf("closed after %v, idle_timeout is 1.5s", took)
	}
	r.dial(t).closed(4408) // twice the timeout has passed for the busy one
	busy.barrier()
	busy.send(j{"type": "finish", "generation_id": "open"})
	busy.completed("open")
	busy.closed(4408)
}

// A client that only listens is not idle: its time begins when what it listened to has ended.
func TestIdlenessBeginsAfterTheLastGeneration(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 2})).limit(map[string]any{"idle_timeout": "1500ms"})
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
	ended := c.completed("g").at
	c.closed(4408)
	if took := time.Since(ended); took < 1200*time.Millisecond {
		t.Errorf("closed %v after the end of speech, idle_timeout is 1.5s", took)
	}
}

// After 20 s without a sign the relay pings, and drops a peer that is silent for 20 s more; one that answers stays.
func TestAClientThatAnswersNoPingIsDropped(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for 40 s of silence")
	}
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	var deafPings, alivePings atomic.Int32
	begun := time.Now()
	deaf := r.dialWith(t, dialing{onPing: func() bool { deafPings.Add(1); return false }})
	alive := r.dialWith(t, dialing{onPing: func() bool { alivePings.Add(1); return true }})
	err := deaf.overWithin(deadline)
	if took := time.Since(begun); took < 39*time.Second || took > 50*time.Second {
		t.Errorf("dropped after %v (%v), want about 40s", took, err)
	}
	if n := deafPings.Load(); n == 0 {
		t.Error("dropped without having been pinged")
	}
	if n := alivePings.Load(); n == 0 {
		t.Error("the other peer was never pinged")
	}
	alive.barrier()
}

func TestClosesOfTheProtocol(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"max_message_bytes": 4096}))
	big := `{"type":"ping","id":"` + string(spaces(5000)) + `"}`
	for name, tt := range map[string]struct {
		misbehave func(c *client)
		code      websocket.StatusCode
	}{
		"binary frame":      {func(c *client) { c.write(websocket.MessageBinary, []byte(`{"type":"ping"}`)) }, 1003},
		"not UTF-8":         {func(c *client) { c.write(websocket.MessageText, []byte("{\"type\":\"ping\",\"id\":\"\xff\"}")) }, 1007},
		"message too large": {func(c *client) { c.write(websocket.MessageText, []byte(big)) }, 1009},
		"20 bad messages": {func(c *client) {
			for range 20 {
				c.forge(`nonsense`)
			}
		}, 1008},
		"20 messages of unknown types": {func(c *client) {
			for range 20 {
				c.forge(`{"type":"speak"}`)
			}
		}, 1008},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			neighbor, c := r.dial(t), r.dial(t)
			neighbor.send(j{"type": "generate", "generation_id": "g", "text": twelve})
			tt.misbehave(c)
			c.closed(tt.code)
			neighbor.completed("g")
			neighbor.speaks("g", twelve)
		})
	}
}

// What is of a known type is no bad message, however often its values are wrong.
func TestRefusalsDoNotCloseTheConnection(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for range 60 {
		mark := c.mark()
		c.forge(`{"type":"append","generation_id":"g"}`)
		c.refusal(mark, "invalid_request")
	}
	for range 19 {
		mark := c.mark()
		c.forge(`nonsense`)
		c.refusal(mark, "invalid_request")
	}
	c.barrier()
}

func TestTheLargestMessageIsTaken(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"max_message_bytes": 4096})).dial(t)
	shell := `{"type":"ping","id":"x"}`
	padded := shell[:1] + string(spaces(4096-len(shell))) + shell[1:]
	mark := c.mark()
	c.mu.Lock()
	err := c.rules.sent([]byte(padded))
	c.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	c.write(websocket.MessageText, []byte(padded))
	c.awaitFrom(mark, "pong", func(m message) bool { return m.kind == "pong" })
}

func spaces(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = ' '
	}
	return b
}
