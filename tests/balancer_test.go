package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// mostMute bounds how long somebody who wants to speak waits for audio while relays are restarted. A balancer that counts
// a relay's 503 as failures shuts it out for its fail_timeout, which is 10 to 30 s.
const mostMute = 5 * time.Second

// TestARollingRestartBehindABalancer restarts two relays one after the other behind the samples in deploy/, and kills one,
// while clients speak over WebSockets and by HTTP.
func TestARollingRestartBehindABalancer(t *testing.T) {
	for name, run := range balancers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dirs, addresses := []string{t.TempDir(), t.TempDir()}, []string{process.FreeAddress(t), process.FreeAddress(t)}
			vendor := emulate(t, emulator.Options{Pace: 4})
			launch := func(i int) *relay {
				c := speaksByOne(vendor)
				c.Listen = addresses[i]
				c.Keys = []map[string]any{{"name": "agents", "tenant": "acme", "key": proofKey("acme")}}
				return serveIn(t, dirs[i], c)
			}
			relays := []*relay{launch(0), launch(1)}
			front := process.FreeAddress(t)
			run(t, front, addresses)

			callers := newCallers(t, front)
			callers.speak(4, callers.overWebSocket)
			callers.speak(4, callers.byHTTP)
			for i := range relays {
				callers.awaitSpeech(8)
				relays[i].Terminate()
				relays[i].Exit()
				callers.awaitSpeech(8)
				relays[i] = launch(i)
			}
			callers.awaitSpeech(8)
			relays[1].Kill()
			callers.awaitSpeech(8)
			callers.hangUp()
		})
	}
}

// callers speak one utterance after another, each on a connection of its own.
type callers struct {
	t     *testing.T
	front string
	over  chan struct{}
	wg    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	spoken int
	lost   []error // what was refused, or broke off
	again  int     // what was turned away before it began
	length int64   // of a speech by HTTP
	worst  time.Duration
	news   chan struct{} // closed with the next utterance that was heard
}

func newCallers(t *testing.T, front string) *callers {
	c := &callers{t: t, front: front, over: make(chan struct{}), news: make(chan struct{})}
	t.Cleanup(func() {
		select {
		case <-c.over:
		default:
			close(c.over)
		}
		c.wg.Wait()
	})
	return c
}

// An utterer speaks one utterance, and says when its first audio came.
type utterer func(ctx context.Context) (first time.Time, err error)

// speak has n callers speak.
func (c *callers) speak(n int, utter utterer) {
	for range n {
		c.wg.Go(func() { c.loop(utter) })
	}
}

// loop asks for one utterance after another. What is refused or breaks off is asked for again, as an agent would.
func (c *callers) loop(utter utterer) {
	for {
		wanted := time.Now()
		for {
			select {
			case <-c.over:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(context.Background(), deadline)
			first, err := utter(ctx)
			cancel()
			c.heard(wanted, first, err)
			if !first.IsZero() {
				break
			}
			if err != nil && time.Since(wanted) > deadline {
				c.t.Errorf("nothing was heard: %v", err)
				return
			}
			<-time.After(50 * time.Millisecond) // an agent's own pause between two tries
		}
	}
}

// heard notes what came of an utterance. first is zero where nothing was heard.
func (c *callers) heard(wanted, first time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, errTurnedAway):
		c.again++
	case err != nil:
		c.lost = append(c.lost, err)
	}
	if first.IsZero() {
		return
	}
	c.spoken++
	c.worst = max(c.worst, first.Sub(wanted))
	close(c.news)
	c.news = make(chan struct{})
}

// awaitSpeech waits until n more utterances have been heard.
func (c *callers) awaitSpeech(n int) {
	c.t.Helper()
	c.mu.Lock()
	want := c.spoken + n
	c.mu.Unlock()
	timeout := time.After(deadline)
	for {
		c.mu.Lock()
		spoken, news := c.spoken, c.news
		c.mu.Unlock()
		if spoken >= want {
			return
		}
		select {
		case <-news:
		case <-timeout:
			c.t.Fatalf("%d utterances were heard, want %d", spoken, want)
		}
	}
}

func (c *callers) hangUp() {
	c.t.Helper()
	close(c.over)
	c.wg.Wait()
	c.t.Logf("%d utterances, %d were refused or broke off, %d were turned away, the longest wait for audio was %v",
		c.spoken, len(c.lost), c.again, c.worst.Round(time.Millisecond))
	if c.worst > mostMute {
		c.t.Errorf("somebody waited %v for audio, want at most %v", c.worst, mostMute)
	}
}

// byHTTP speaks by POST /v1/speech, and says when the first audio came.
func (c *callers) byHTTP(ctx context.Context) (first time.Time, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.front+"/v1/speech",
		strings.NewReader(`{"text":"Hello there, caller.","output":{"encoding":"pcm_s16le","sample_rate":24000}}`))
	if err != nil {
		return first, err
	}
	req.Header = bearer(proofKey("acme"))
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return first, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return first, fmt.Errorf("status %d", answer.StatusCode)
	}
	if _, err := io.ReadFull(answer.Body, make([]byte, 480)); err != nil {
		return first, err
	}
	first = time.Now()
	n, err := io.Copy(io.Discard, answer.Body)
	if err != nil {
		return first, err
	}
	if status := answer.Trailer.Get("Generation-Status"); status != "completed" && status != "" { // nginx keeps trailers to itself
		return first, fmt.Errorf("the speech ended %q", status)
	}
	return first, c.whole(n)
}

// whole expects that a speech by HTTP is as long as those before, since all have the same text.
func (c *callers) whole(bytes int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.length == 0 {
		c.length = bytes
	}
	if bytes != c.length {
		return fmt.Errorf("a speech has %d bytes, the first had %d", bytes, c.length)
	}
	return nil
}

// errTurnedAway is that of a WebSocket that was closed before anything was accepted on it, since its relay went. Its client opens
// another, and nobody has spoken.
var errTurnedAway = errors.New("turned away")

// overWebSocket speaks on a connection of its own, and says when the first audio came.
func (c *callers) overWebSocket(ctx context.Context) (first time.Time, err error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+c.front+"/v1/speech", &websocket.DialOptions{HTTPHeader: bearer(proofKey("acme"))})
	if err != nil {
		return first, err
	}
	defer conn.CloseNow() // all that matters has been read
	conn.SetReadLimit(-1)
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"generate","generation_id":"g","text":"Hello there, caller."}`)); err != nil {
		return first, err
	}
	for accepted := false; ; {
		_, data, err := conn.Read(ctx)
		if websocket.CloseStatus(err) == websocket.StatusGoingAway && !accepted {
			return first, errTurnedAway
		}
		if err != nil {
			return first, err
		}
		var m struct{ Type, Code, Reason string }
		if err := json.Unmarshal(data, &m); err != nil {
			return first, err
		}
		switch m.Type {
		case "accepted":
			accepted = true
		case "audio":
			if first.IsZero() {
				first = time.Now()
			}
		case "error":
			if m.Code == "draining" && !accepted {
				return first, errTurnedAway
			}
			return first, fmt.Errorf("refused: %s", m.Code)
		case "done":
			if m.Reason != "completed" {
				return first, fmt.Errorf("the speech ended %q", m.Reason)
			}
			return first, nil
		}
	}
}
