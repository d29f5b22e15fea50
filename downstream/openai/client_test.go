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

// dial has a client of the endpoint as it is described, which may ask for server-sent events.
func dial(events bool) func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
	return func(r *downstreamtest.Relay, as downstreamtest.Caller) (downstreamtest.Client, error) {
		c := &downstreamtest.Single{Relay: r, Read: downstreamtest.PCM, Ask: func(ctx context.Context, text string) (*http.Request, error) {
			return ask(ctx, r, as, text, events)
		}}
		if events {
			c.Read = nextEvent
		}
		return c, nil
	}
}

func ask(ctx context.Context, r *downstreamtest.Relay, as downstreamtest.Caller, text string, events bool) (*http.Request, error) {
	want := map[string]any{"model": "gpt-4o-mini-tts", "input": text, "voice": as.Voice, "response_format": "pcm", "speed": 1.0}
	if events {
		want["stream_format"] = "sse"
	}
	data, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+r.Prefix+"/audio/speech", bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/octet-stream"}}
	if as.Key != "" {
		request.Header.Set("Authorization", "Bearer "+as.Key)
	}
	return request, nil
}

// nextEvent reads as LiveKit does: lines that begin with "data: ", and nothing else.
func nextEvent(body *bufio.Reader) (downstreamtest.Event, error) {
	for {
		line, err := body.ReadString('\n')
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
