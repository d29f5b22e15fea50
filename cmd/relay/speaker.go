package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/logging"
)

// speechRate is the sample rate that the commands ask for, in hertz.
const speechRate = 24000

// utterance is a text to speak and how.
type utterance struct {
	voice, route string
	text         io.Reader // read as it comes
}

// request is the utterance as a client asks for it; its text follows.
func (u utterance) request() client.Request {
	return client.Request{
		Open: true, Voice: u.voice, Route: u.route,
		Output: protocol.Output{Encoding: protocol.EncodingPCM16, SampleRate: speechRate},
	}
}

// heard is what came of an utterance.
type heard struct {
	started protocol.Started
	done    *protocol.Done
}

// listener is told what arrives.
type listener struct {
	started func(protocol.Started)
	audio   func(samples []byte) error // pcm_s16le at speechRate
}

// speak says an utterance and listens to its end. When ctx ends it cancels, and still has the relay's account.
func speak(ctx context.Context, c *client.Client, u utterance, l listener) (*heard, error) {
	speech, err := c.Speak(context.WithoutCancel(ctx), u.request())
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() {
		_, _ = speech.Cancel(context.WithoutCancel(ctx)) // its done is waited for below
	})()
	read := make(chan error, 1)
	go func() { read <- readText(speech, u.text) }() // ends with the text, or with the process, as a terminal can't be left
	result := &heard{}
	failure, err := result.listen(speech, l)
	if err != nil {
		_, _ = speech.Cancel(context.WithoutCancel(ctx)) // the rest is not wanted
		return nil, err
	}
	if result.done, err = speech.Wait(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	if result.done.Error != nil {
		return result, nil
	}
	select {
	case err := <-read:
		failure = errors.Join(failure, err)
	default: // the end came before the text's own
	}
	return result, failure
}

// readText sends text as it comes.
func readText(speech *client.Speech, text io.Reader) error {
	_, err := io.Copy(speech, text)
	if finished := speech.Finish(); err == nil {
		err = finished
	}
	if err != nil && !errors.Is(err, client.ErrEnded) {
		return fmt.Errorf("text: %w", err)
	}
	return nil
}

// listen hands on what comes of a speech. failure is how that ended, err what the listener could not do with it.
func (h *heard) listen(speech *client.Speech, l listener) (failure, err error) {
	for event, failure := range speech.Events() {
		switch e := event.(type) {
		case nil:
			return failure, nil
		case protocol.Started:
			h.started = e
			if l.started != nil {
				l.started(e)
			}
		case client.Audio:
			if err := l.audio(e.Data); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// describe is an utterance's end in a line that can be printed, whatever a relay says.
func (h *heard) describe() string {
	parts := []string{h.done.Reason}
	if h.done.Error != nil {
		parts[0] += " (" + h.done.Error.Error() + ")"
	}
	if h.started.Provider != "" {
		parts = append(parts, "by "+h.started.Provider)
	}
	if first := h.done.Timing.FirstAudioMS; first != nil {
		parts = append(parts, fmt.Sprintf("first audio after %d ms", *first))
	}
	parts = append(parts, fmt.Sprintf("%.1f s of audio in %.1f s", float64(h.done.Usage.AudioMS)/1000, float64(h.done.Timing.TotalMS)/1000))
	return logging.Printable(strings.Join(append(parts, "cost "+costs(h.done.Usage.Cost)), ", "))
}

func costs(list []protocol.Cost) string {
	var parts []string
	for _, c := range list {
		if c.Amount == nil || c.Currency == nil {
			parts = append(parts, "not known")
			continue
		}
		parts = append(parts, *c.Amount+" "+*c.Currency)
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, " + ")
}
