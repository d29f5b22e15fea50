package cartesia_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"voicerelay/downstream/cartesia"
	"voicerelay/downstream/downstreamtest"
)

func TestSingleTextsPassTheSuite(t *testing.T) {
	for _, path := range []string{"/tts/bytes", "/tts/sse"} {
		t.Run(path, func(t *testing.T) {
			downstreamtest.Run(t, downstreamtest.Dialect{
				Under: cartesia.Dialect{},
				Dial: func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
					return &requester{relay: r, as: as, path: path, asked: make(chan asked, 1)}, nil
				},
				Can: downstreamtest.Can{Words: path == "/tts/sse", TellsFailure: path == "/tts/sse"},
			})
		})
	}
}

// requester is a client of one request for each text, as they are described.
type requester struct {
	relay *downstreamtest.Relay
	as    downstreamtest.Caller
	path  string

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

func (c *requester) Say(_, text string) { c.text.WriteString(text) }

func (c *requester) Flush(string) {}

func (c *requester) Interrupt(string) {}

// End asks, in a goroutine that ends with the header of the answer.
func (c *requester) End(string) {
	data, err := json.Marshal(map[string]any{
		"model_id": "sonic-3", "transcript": c.text.String(), "voice": map[string]any{"mode": "id", "id": c.as.Voice},
		"output_format":  map[string]any{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
		"add_timestamps": true, "language": nil,
	})
	if err != nil {
		c.asked <- asked{nil, err}
		return
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+c.relay.Prefix+c.path, bytes.NewReader(data))
	if err != nil {
		c.asked <- asked{nil, err}
		return
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Cartesia-Version": {"2026-08-14"}}
	if c.as.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.as.Key)
	}
	client := c.relay.HTTP()
	go func() {
		answer, err := client.Do(r)
		c.asked <- asked{answer, err}
	}()
}

func (c *requester) Hangup() {
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

func (c *requester) Next() (e downstreamtest.Event, err error) {
	if c.over {
		return e, io.EOF
	}
	if c.body == nil {
		if err := c.begin(); err != nil {
			return e, err
		}
	}
	if c.path == "/tts/sse" {
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
	return e, err
}

// begin waits for the answer's header.
func (c *requester) begin() error {
	got := <-c.asked
	switch {
	case got.err != nil:
		c.asked <- got
		return got.err
	case got.answer.StatusCode != http.StatusOK:
		c.body = io.NopCloser(strings.NewReader(""))
		return refusedBy(got.answer)
	}
	c.body, c.lines = got.answer.Body, bufio.NewReader(got.answer.Body)
	return nil
}

// refusedBy is an answer as a refusal, whose body must be the vendor's.
func refusedBy(answer *http.Response) error {
	refused := downstreamtest.RefusedBy(answer)
	var body struct {
		Title, Message string
		ErrorCode      string `json:"error_code"`
		StatusCode     int    `json:"status_code"`
		RequestID      *string
	}
	if err := json.Unmarshal([]byte(refused.Body), &body); err != nil || body.StatusCode != refused.Status ||
		body.Title == "" || body.Message == "" || body.ErrorCode == "" {
		return fmt.Errorf("an error that clients can't read: %s", refused.Body)
	}
	return refused
}

// nextEvent reads an event, whose name must be the type of what is in it.
func (c *requester) nextEvent() (e downstreamtest.Event, err error) {
	name := ""
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return e, errors.Join(errors.New("the body ends without a last event"), err)
		}
		line = strings.TrimSuffix(line, "\n")
		if kind, ok := strings.CutPrefix(line, "event: "); ok {
			name = kind
			continue
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var m said
		if err := errors.Join(json.Unmarshal([]byte(data), &m), m.check([]byte(data))); err != nil || *m.Type != name {
			return e, fmt.Errorf("event %s: %s: %w", name, data, err)
		}
		if e, err = m.event(); err == nil && e.Kind == downstreamtest.Over {
			c.over = true
		}
		return e, err
	}
}

// event is a message as the suite has it.
func (m said) event() (e downstreamtest.Event, err error) {
	switch *m.Type {
	case "chunk":
		e.Kind = downstreamtest.Audio
		e.PCM, err = base64.StdEncoding.DecodeString(m.Data)
	case "timestamps":
		e.Kind, e.Words = downstreamtest.Words, m.words()
	case "error":
		e.Kind, e.Reason = downstreamtest.Failed, m.Error
	case "done":
		e.Kind = downstreamtest.Over
	default:
		err = fmt.Errorf("%s is not for the suite", *m.Type)
	}
	return e, err
}
