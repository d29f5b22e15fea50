package openai_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/downstream/openai"
)

// caller is a client of the endpoint as it is described: one request for each text.
type caller struct {
	relay  *downstreamtest.Relay
	as     downstreamtest.Caller
	events bool // asks for server-sent events

	text   strings.Builder
	cancel context.CancelFunc
	asked  chan asked
	body   io.ReadCloser
	lines  *bufio.Reader
	over   bool
}

// asked is how a request was answered.
type asked struct {
	answer *http.Response
	err    error
}

func dial(events bool) func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
	return func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
		return &caller{relay: r, as: as, events: events, asked: make(chan asked, 1)}, nil
	}
}

func (c *caller) Say(_, text string) { c.text.WriteString(text) }

func (c *caller) Flush(string) {}

func (c *caller) Interrupt(string) {}

// End asks, in a goroutine that ends with the header of the answer.
func (c *caller) End(string) {
	want := map[string]any{"model": "gpt-4o-mini-tts", "input": c.text.String(), "voice": c.as.Voice, "response_format": "pcm", "speed": 1.0}
	if c.events {
		want["stream_format"] = "sse"
	}
	data, err := json.Marshal(want)
	if err != nil {
		c.asked <- asked{nil, err}
		return
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+c.relay.Prefix+"/audio/speech", bytes.NewReader(data))
	if err != nil {
		c.asked <- asked{nil, err}
		return
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/octet-stream"}}
	if c.as.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.as.Key)
	}
	client := c.relay.HTTP()
	go func() {
		answer, err := client.Do(r)
		c.asked <- asked{answer, err}
	}()
}

func (c *caller) Hangup() {
	if c.cancel == nil {
		return
	}
	c.cancel()
	if c.body == nil {
		if got := <-c.asked; got.err == nil {
			c.body = got.answer.Body
		}
	}
	if c.body != nil {
		_ = c.body.Close() // it was cut off
	}
	c.cancel = nil
}

func (c *caller) Next() (downstreamtest.Event, error) {
	if c.over {
		return downstreamtest.Event{}, io.EOF
	}
	if c.body == nil {
		if err := c.begin(); err != nil {
			return downstreamtest.Event{}, err
		}
	}
	if c.events {
		return c.nextEvent()
	}
	pcm := make([]byte, 4800)
	n, err := io.ReadFull(c.body, pcm)
	switch {
	case n > 0:
		return downstreamtest.Event{Kind: downstreamtest.Audio, PCM: pcm[:n]}, nil
	case errors.Is(err, io.EOF):
		c.over = true
		return downstreamtest.Event{Kind: downstreamtest.Over}, nil
	}
	return downstreamtest.Event{}, err
}

// begin waits for the answer's header.
func (c *caller) begin() error {
	got := <-c.asked
	switch {
	case got.err != nil:
		c.asked <- got
		return got.err
	case got.answer.StatusCode != http.StatusOK:
		c.body = io.NopCloser(strings.NewReader(""))
		return downstreamtest.RefusedBy(got.answer)
	}
	c.body, c.lines = got.answer.Body, bufio.NewReader(got.answer.Body)
	return nil
}

// nextEvent reads as LiveKit does: lines that begin with "data: ", and nothing else.
func (c *caller) nextEvent() (downstreamtest.Event, error) {
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the body ends without a last event")
			}
			return downstreamtest.Event{}, err
		}
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok {
			continue
		}
		var event struct {
			Type, Audio string
			Usage       map[string]int
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return downstreamtest.Event{}, err
		}
		switch event.Type {
		case "speech.audio.delta":
			pcm, err := base64.StdEncoding.DecodeString(event.Audio)
			return downstreamtest.Event{Kind: downstreamtest.Audio, PCM: pcm}, err
		case "speech.audio.done":
			if len(event.Usage) != 3 {
				return downstreamtest.Event{}, errors.New("usage must be three integers")
			}
			c.over = true
			return downstreamtest.Event{Kind: downstreamtest.Over}, nil
		}
	}
}

func TestSuite(t *testing.T) {
	for name, events := range map[string]bool{"bare": false, "events": true} {
		t.Run(name, func(t *testing.T) {
			downstreamtest.Run(t, downstreamtest.Dialect{Under: openai.Dialect{}, Dial: dial(events)})
		})
	}
}
