package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"pgregory.net/rapid"

	"github.com/voicerelay/voicerelay/client/protocol"
)

func TestASpeechIsAskedForAsItWasRequested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{Key: "secret"})
		speak(t, c, Request{
			TextIdle: 90 * time.Second,
			Text:     "Hello.", ID: "g", IdempotencyKey: "k", ContextID: "turn", Voice: "narrator", Route: "fast", Language: "en", Speed: 1.5,
			Output: protocol.Output{Encoding: "wav", SampleRate: 8000}, WordTimestamps: true, Normalize: new(bool),
			Metadata:    map[string]string{"caller": "7"},
			Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Tracestate: "a=1",
		})
		want := &protocol.Generate{
			Text: "Hello.", GenerationID: "g", IdempotencyKey: "k", ContextID: "turn", Final: true,
			TextIdleTimeoutMS: protocol.Set(int64(90_000)),
			Traceparent:       "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Tracestate: "a=1",
			Settings: protocol.Settings{
				Voice: protocol.Set("narrator"), Route: protocol.Set("fast"), Language: protocol.Set("en"), Speed: protocol.Set(1.5),
				Output: protocol.Set(protocol.Output{Encoding: "wav", SampleRate: 8000}), WordTimestamps: protocol.Set(true),
				Normalize: protocol.Set(false), Metadata: protocol.Set(map[string]string{"caller": "7"}),
			},
		}
		if got := got[*protocol.Generate](p); !reflect.DeepEqual(got, want) {
			t.Errorf("sent %+v, want %+v", got, want)
		}
		if key, query := p.request.Header.Get("Authorization"), p.request.URL.String(); key != "Bearer secret" || query != "/v1/speech?audio=binary" {
			t.Errorf("asked for %s with %q", query, key)
		}
		if offered := p.request.Header.Get("Sec-WebSocket-Protocol"); offered != protocol.Subprotocol {
			t.Errorf("offers the subprotocol %q, want %q", offered, protocol.Subprotocol)
		}
		speak(t, c, Request{ID: "plain"})
		if got := got[*protocol.Generate](p); !reflect.DeepEqual(got.Settings, protocol.Settings{}) || got.IdempotencyKey == "" {
			t.Errorf("sent %+v, want no setting and a key", got)
		}
	})
}

// The relay's refusal of an id that is not valid names none, so that nobody would get it.
func TestAnInvalidIDIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		_, err := c.Speak(t.Context(), Request{Text: "Hello.", ID: "not valid"})
		refusedWith(t, err, protocol.CodeInvalidRequest)
		p.silent()
	})
}

// A frame has as much audio as a vendor sends at once.
func TestALargeFrameIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		samples := bytes.Repeat([]byte{'a'}, readLimit-100)
		frame := protocol.AppendAudioBinary(nil, protocol.Audio{GenerationID: "g", Samples: uint32(len(samples) / 2)}, samples)
		if err := p.conn.Write(t.Context(), websocket.MessageBinary, frame); err != nil {
			t.Fatal(err)
		}
		p.ends("g", "completed", 1)
		if got, err := listen(s); err != nil || !bytes.Equal(got, samples) {
			t.Errorf("heard %d bytes and %v, want %d", len(got), err, len(samples))
		}
	})
}

func TestEventsComeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		sent := []Event{
			protocol.Started{GenerationID: "g", Provider: "a", Ignored: []string{}},
			Audio{Data: []byte{0}, Samples: 2400},
			protocol.Timestamps{GenerationID: "g", Source: "provider", Words: []protocol.TimedWord{{Word: "g"}}},
			protocol.Timestamps{GenerationID: "g", Source: "estimate", ErrorMS: 120, Words: []protocol.TimedWord{{Word: "g"}}},
			protocol.Rerouted{GenerationID: "g", From: "a", To: "b", Ignored: []string{}},
			Audio{Data: []byte{1}, Seq: 1, Samples: 2400, Start: 100 * time.Millisecond},
		}
		p.send(protocol.Accepted{GenerationID: "g"})
		for _, e := range sent {
			if audio, ok := e.(Audio); ok {
				p.speaks("g", audio.Data[0])
				continue
			}
			p.send(e.(protocol.Event))
		}
		p.speaks("another", 9)
		p.ends("g", "completed", 1)
		var came []Event
		for e, err := range s.Events() {
			if err != nil {
				t.Fatal(err)
			}
			came = append(came, e)
		}
		if !reflect.DeepEqual(came, sent) {
			t.Errorf("came %+v, want %+v", came, sent)
		}
		if done, err := s.Wait(t.Context()); err != nil || done.Reason != "completed" || done.Spoken.Char != 1 {
			t.Errorf("done %+v, %v", done, err)
		}
	})
}

func TestWhatTheRelayCannotSpeakIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		refused, failed := speak(t, c, Request{Text: "refused"}), speak(t, c, Request{Text: "failed"})
		p.send(&protocol.Error{Command: "generate", GenerationID: "refused", Code: protocol.CodeUnknownVoice})
		_, err := listen(refused)
		refusedWith(t, err, protocol.CodeUnknownVoice)
		if err := refused.Append("more"); !errors.Is(err, ErrFinished) {
			t.Errorf("append to what was whole: %v", err)
		}
		p.speaks("failed", 'a')
		p.send(protocol.Done{GenerationID: "failed", Reason: "failed", Error: &protocol.Error{Code: protocol.CodeUpstreamFailed}})
		frames, err := listen(failed)
		refusedWith(t, err, protocol.CodeUpstreamFailed)
		if done, err := failed.Wait(t.Context()); err != nil || done.Error.Code != protocol.CodeUpstreamFailed || string(frames) != "a" {
			t.Errorf("done %+v, %v behind %q", done, err, frames)
		}
		large := speak(t, c, Request{ID: "large", Text: strings.Repeat("x", 2000)})
		_, err = listen(large)
		refusedWith(t, err, protocol.CodeTextTooLong)
	})
}

func TestTextGoesAsItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g", Open: true})
		if g := got[*protocol.Generate](p); g.Final {
			t.Error("an open speech was sent as a whole one")
		}
		if _, err := io.Copy(s, iotest.OneByteReader(strings.NewReader("naïve 😀"))); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{s.Flush(), s.Append(" end"), s.Finish()} {
			if err != nil {
				t.Fatal(err)
			}
		}
		var text strings.Builder
		for range utf8.RuneCountInString("naïve 😀") {
			text.WriteString(got[*protocol.Append](p).Text)
		}
		got[*protocol.Flush](p)
		text.WriteString(got[*protocol.Append](p).Text)
		got[*protocol.Finish](p)
		if text.String() != "naïve 😀 end" {
			t.Errorf("sent %q", text.String())
		}
		if err := s.Append("more"); !errors.Is(err, ErrFinished) {
			t.Errorf("append behind the end: %v", err)
		}
	})
}

func TestARefusedPartOfTheTextIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		first, last := speak(t, c, Request{Text: "first", Open: true}), speak(t, c, Request{Text: "last", Open: true})
		for _, s := range []*Speech{first, last} {
			if err := s.Append("much"); err != nil {
				t.Fatal(err)
			}
			p.send(&protocol.Error{Command: "append", GenerationID: s.ID(), Code: protocol.CodeTextTooLong})
		}
		synctest.Wait()
		refusedWith(t, first.Append("more"), protocol.CodeTextTooLong)
		if err := first.Finish(); err != nil {
			t.Errorf("the refusal was told twice: %v", err)
		}
		p.ends("first", "completed", 5)
		hears(t, first, "", nil)
		p.ends("last", "completed", 4)
		_, err := listen(last)
		refusedWith(t, err, protocol.CodeTextTooLong)
		if err := last.Append("more"); err == nil {
			t.Error("what has ended took more text")
		}
	})
}

func texts(failure error, parts ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, part := range parts {
			if !yield(part, nil) {
				return
			}
		}
		if failure != nil {
			yield("", failure)
		}
	}
}

func TestAStreamIsFedToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s, err := c.SpeakStream(t.Context(), Request{ID: "g"}, texts(nil, "One ", "two."))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		// What was there before the generate was sent went with it.
		g := got[*protocol.Generate](p)
		text, finished := g.Text, g.Final
		for !finished {
			switch command := (<-p.commands).(type) {
			case *protocol.Append:
				text += command.Text
			case *protocol.Finish:
				finished = true
			}
		}
		if text != "One two." {
			t.Errorf("sent %q", text)
		}
		p.speaks("g", 'a')
		p.ends("g", "completed", 8)
		hears(t, s, "a", nil)
	})
}

func TestAStreamThatBreaksEndsItsSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		broken := errors.New("the model is gone")
		s, err := c.SpeakStream(t.Context(), Request{ID: "g", Text: "Well,"}, texts(broken))
		if err != nil {
			t.Fatal(err)
		}
		hears(t, s, "", broken)
		synctest.Wait()
		if len(p.commands) > 0 { // it may have broken before the generate was sent
			got[*protocol.Generate](p)
			got[*protocol.Cancel](p)
		}
	})
}

func TestTheContextCancelsItsSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		hangup := errors.New("the caller hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		s, err := c.Speak(ctx, Request{ID: "g"})
		if err != nil {
			t.Fatal(err)
		}
		got[*protocol.Generate](p)
		cancel(hangup)
		if command := got[*protocol.Cancel](p); command.GenerationID != "g" || command.PlayedMS.Set {
			t.Errorf("sent %+v", command)
		}
		p.speaks("g", 'a')
		p.ends("g", "cancelled", 0)
		hears(t, s, "", hangup)
	})
}

func TestWaitHasAnEndOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if done, err := s.Wait(ctx); done != nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v, %v", done, err)
		}
	})
}

func TestWholeRunesNeverCutACharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		whole := wholeRunes([]byte(text[:cut]))
		if rest := text[whole:cut]; !utf8.ValidString(text[:whole]) || len(rest) >= utf8.UTFMax || rest != "" && utf8.ValidString(rest) {
			t.Errorf("of %q are %d bytes whole", text[:cut], whole)
		}
	})
	if garbage := bytes.Repeat([]byte{0x80}, 9); wholeRunes(garbage) != len(garbage) {
		t.Error("garbage waits for more")
	}
}
