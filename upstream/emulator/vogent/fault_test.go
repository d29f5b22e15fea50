package vogent

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// toEnd reads until a generation has ended, or the socket or the protocol is broken. It returns what ended it.
func (c *client) toEnd() (all []engine.Object, last engine.Object, err error) {
	for {
		_, data, err := c.conn.Read(c.ctx)
		if err != nil {
			return all, nil, err
		}
		var o engine.Object
		if err := json.Unmarshal(data, &o); err != nil {
			return all, nil, err
		}
		all = append(all, o)
		if o["type"] == "finished" || o["type"] == "error" {
			return all, o, nil
		}
	}
}

// Faults that end a generation do so once so much audio has been sent, and not before.
func TestVogentBreaksAfterSoMuchAudio(t *testing.T) {
	const after = 300 * time.Millisecond
	tests := map[string]struct {
		fault engine.Fault
		ended func(last engine.Object, err error) bool
	}{
		"drop": {engine.Fault{Kind: engine.Drop}, func(_ engine.Object, err error) bool {
			return err != nil && websocket.CloseStatus(err) == -1
		}},
		"close": {engine.Fault{Kind: engine.CloseCode, Code: 1013}, func(_ engine.Object, err error) bool {
			return websocket.CloseStatus(err) == websocket.StatusTryAgainLater
		}},
		"garbage": {engine.Fault{Kind: engine.Garbage}, func(_ engine.Object, err error) bool {
			var syntax *json.SyntaxError
			return errors.As(err, &syntax)
		}},
		"error": {engine.Fault{Kind: engine.ErrorFrame, Name: "out of memory"}, func(last engine.Object, _ error) bool {
			return last["type"] == "error" && last["error"] == "out of memory" && last["generationId"] == "g"
		}},
		"session error": {engine.Fault{Kind: engine.ErrorFrame, Name: "out of memory", Session: true}, func(last engine.Object, _ error) bool {
			return last["type"] == "error" && last["generationId"] == nil
		}},
	}
	for name, tt := range tests {
		for _, wait := range []time.Duration{0, after} {
			t.Run(name+" "+wait.String(), func(t *testing.T) {
				t.Parallel()
				fault := tt.fault // which the other wait shares
				fault.After = wait
				c := talk(t, engine.Options{Fault: fault, Chunk: 100 * time.Millisecond, Pace: 10}, "emptyID:false", "errorCloses:false", "oddChunks:false")
				c.send("g", longText, true, engine.Object{"sampleRate": 24000})
				all, last, err := c.toEnd()
				if !tt.ended(last, err) {
					t.Errorf("ended by %v, %v", last, err)
				}
				heard := audio.Duration(int64(len(samples(t, all, "g"))), 24000)
				// What a broken connection had under way may be lost.
				if heard > wait+100*time.Millisecond || (heard < wait && fault.Kind != engine.Drop) {
					t.Errorf("heard %v, want %v", heard, wait)
				}
			})
		}
	}
}

// A stalled generation is silent until it is canceled. SetFault holds for those that begin after it.
func TestVogentStallHoldsUpItsGenerationAlone(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall, After: 200 * time.Millisecond}, Chunk: 100 * time.Millisecond},
		"cancelAnswer:finished", "lateChunks:0", "oddChunks:false", "serial:false")
	c.send("g", longText, true, engine.Object{"sampleRate": 24000})
	c.wait("the stall", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio >= 200*time.Millisecond })
	c.server.SetFault(engine.Fault{})
	c.send("next", "Hello.", true, nil)
	all := c.until("next")
	if got := len(chunks(t, all, "g")); got != 2 {
		t.Errorf("got %d chunks of 100 ms, want 2", got)
	}
	c.send("g", "", false, engine.Object{"cancel": true})
	if got := types(c.until("g"), "g"); !slices.Equal(got, []string{"finished"}) {
		t.Errorf("after the cancel: got %q", got)
	}
}

// Faults that leave a generation its normal end spoil the audio in their way.
func TestVogentSpoilsAudio(t *testing.T) {
	const rate = 24000
	tests := map[string]struct {
		fault  engine.Fault
		well   func(chunks [][]byte, took time.Duration) bool
		length [2]time.Duration // at least and at most
	}{
		"empty":        {engine.Fault{Kind: engine.Empty}, func(c [][]byte, _ time.Duration) bool { return len(c) == 0 }, [2]time.Duration{0, 0}},
		"wrong length": {engine.Fault{Kind: engine.WrongLength}, func(c [][]byte, _ time.Duration) bool { return len(c) == 1 }, [2]time.Duration{1, 20 * time.Millisecond}},
		"odd chunks":   {engine.Fault{Kind: engine.OddChunks}, func(c [][]byte, _ time.Duration) bool { return len(c[0])%2 == 1 }, [2]time.Duration{time.Second / 10, time.Minute}},
		"late":         {engine.Fault{Kind: engine.Late, After: 200 * time.Millisecond}, func(_ [][]byte, took time.Duration) bool { return took >= 200*time.Millisecond }, [2]time.Duration{time.Second / 10, time.Minute}},
		"slow": {engine.Fault{Kind: engine.Slow}, func(c [][]byte, took time.Duration) bool {
			ahead := time.Duration(len(c)-1) * 50 * time.Millisecond // all but the last chunk
			return took >= 2*ahead
		}, [2]time.Duration{time.Second / 10, time.Minute}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := talk(t, engine.Options{Fault: tt.fault, Chunk: 50 * time.Millisecond}, "oddChunks:false")
			began := time.Now()
			c.send("g", "Hello.", true, engine.Object{"sampleRate": rate})
			all := c.until("g")
			took := time.Since(began)
			if last := all[len(all)-1]; last["type"] != "finished" {
				t.Errorf("ended by %v", last)
			}
			if chunks := chunks(t, all, "g"); !tt.well(chunks, took) {
				t.Errorf("%d chunks in %v", len(chunks), took)
			}
			if got := audio.Duration(int64(len(samples(t, all, "g"))), rate); got < tt.length[0] || got > tt.length[1] {
				t.Errorf("heard %v, want %v", got, tt.length)
			}
		})
	}
}

// A client that sends without end and reads nothing is held up by its own socket, and Close ends it all the same.
func TestVogentClosesThoughAClientFloodsIt(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{}, "errorCloses:false")
	flood := make(chan error, 1)
	go func() {
		for { // each is answered by as much
			err := c.conn.Write(c.ctx, websocket.MessageText, []byte(`{"generationId":"`+strings.Repeat("x", 8*maxID)+`"}`))
			if err != nil {
				flood <- err
				return
			}
		}
	}()
	select {
	case err := <-flood:
		t.Fatalf("closed: %v", err)
	case <-time.After(300 * time.Millisecond): // the buffers of both directions are full
	}
	closed := make(chan error, 1)
	go func() { closed <- c.server.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close waits for a client that does not read")
	}
	<-flood // which the close has ended
}

// Generations that are being spoken end with the emulator, and so do those that wait for text or for their turn.
func TestVogentClosesWhileGenerationsAreOpen(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{Pace: 1}, "serial:true", "early:false", "errorCloses:false")
	c.send("spoken", longText, true, nil)
	c.send("waits", "No end", false, engine.Object{"contextId": "c"})
	c.send("behind", "Hello.", true, engine.Object{"contextId": "c"})
	c.wait("three generations", func(s engine.Stats) bool { return s.OpenContexts == 3 })
	if err := c.server.Close(); err != nil {
		t.Error(err)
	}
	if got := c.server.Stats(); got.OpenContexts != 0 || got.OpenSockets != 0 || got.MaxOpenContexts != 3 {
		t.Errorf("after Close: %+v", got)
	}
}

// A client that leaves while it is spoken to leaves nothing behind.
func TestVogentForgetsAClientThatLeaves(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{Pace: 1}, "early:true")
	c.send("g", longText+" And", false, engine.Object{"contextId": "c"})
	c.next()
	_ = c.conn.CloseNow() // that is what the test does
	c.wait("that it is gone", func(s engine.Stats) bool { return s.OpenSockets == 0 && s.OpenContexts == 0 })
}
