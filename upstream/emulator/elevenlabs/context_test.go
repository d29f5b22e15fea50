package elevenlabs

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// asClose is the close frame that an error tells of.
func asClose(err error) (closed websocket.CloseError) {
	_ = errors.As(err, &closed) // else there is none
	return closed
}

// What a closed context still says depends on what was flushed, and on the seed.
func TestElevenLabsCloseKeepsWhatWasFlushed(t *testing.T) {
	const first, second = "One two three. ", "Four five six."
	tests := map[string]struct {
		quirk    string
		messages []string
		want     string
	}{
		"flushed":                  {"closeKeeps:flushed", []string{say("c", first, true), say("c", second, true)}, first + second},
		"the rest is dropped":      {"closeKeeps:flushed", []string{say("c", first, true), say("c", second, false)}, first},
		"nor is it in the works":   {"closeKeeps:begun", []string{say("c", first, true), say("c", second, false)}, first},
		"all":                      {"closeKeeps:all", []string{say("c", first, true), say("c", second, false)}, first + second},
		"a flush of what is empty": {"closeKeeps:flushed", []string{say("c", first+second, false), `{"text":"","context_id":"c","flush":true}`}, first + second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{}, "&output_format=pcm_24000", tt.quirk, "lateChunks:0")
				c.Send(append(tt.messages, closeMessage)...)
				enginetest.WantWords(t, pcm(t, c.until("c"), "c"), native, tt.want)
			})
		})
	}
}

// What is spoken without a flush stops with the close, but for frames under way; the socket goes on.
func TestElevenLabsCloseStopsWhatWasNotFlushed(t *testing.T) {
	for late := range 3 {
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{Pace: 2, Chunk: 100 * time.Millisecond}, "&auto_mode=true&output_format=pcm_24000",
					"closeKeeps:flushed", fmt.Sprintf("lateChunks:%d", late))
				c.Send(say("c", longSentence, false))
				c.Await("audio", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio > 0 })
				c.Send(closeMessage, `{"text":"Yes. ","context_id":"d","flush":true}`, `{"context_id":"d","close_context":true}`)
				c.until("d")
				got := c.Server.Stats()
				if full := 4 * time.Second; got.Streams[0].Audio > full || !got.Streams[0].Over {
					t.Errorf("the closed context said %v of it: %+v", got.Streams[0].Audio, got.Streams[0])
				}
				if ids := []string{got.Cancels[0].ID, got.Cancels[1].ID}; len(got.Cancels) != 2 || !slices.Equal(ids, []string{"c", "d"}) {
					t.Errorf("closes: got %v", got.Cancels)
				}
			})
		})
	}
}

// A context that is closing has its place until its final frame, and not longer.
func TestElevenLabsCountsClosingContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{Pace: 1}, "", "serial:false")
		for i := range maxContexts {
			c.Send(fmt.Sprintf(`{"text":%q,"context_id":"c%d","flush":true}`, longSentence, i), fmt.Sprintf(`{"context_id":"c%d","close_context":true}`, i))
		}
		c.Send(`{"text":"","context_id":"sixth"}`)
		c.failsWith(tooMany)

		c = talk(t, engine.Options{}, "")
		for i := range 3 * maxContexts {
			id := fmt.Sprint("c", i)
			c.Send(say(id, "Yes. ", true), fmt.Sprintf(`{"context_id":%q,"close_context":true}`, id))
			c.until(id)
		}
		if got := c.Server.Stats(); got.OpenContexts != 0 || got.MaxOpenContexts != 1 || len(got.Streams) != 3*maxContexts {
			t.Errorf("got %+v, want one context after the other", got)
		}
	})
}

// Text, flushes and keep-alives are told apart; the opening space is none of them.
func TestElevenLabsNotesWhatItHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{}, "&output_format=pcm_24000", "lateChunks:0")
		c.Send(`{"text":" ","context_id":"c"}`, `{"text":"","context_id":"c"}`, `{"text":""}`, `{"text":"Grüße, ","context_id":"c"}`,
			say("c", "Welt.", true), `{"context_id":"c","flush":true}`, `{"text":"no more","context_id":"other","flush":false}`, closeMessage)
		c.until("c")
		got := c.Server.Stats().Streams[0]
		want := engine.Stream{
			ID: "c", Texts: []string{"Grüße, ", "Welt."}, Flushes: 2, KeepAlives: 2, Over: true,
			Audio: got.Audio, Charge: 12 * charMicros,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || got.Audio == 0 {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// After a close_context a context takes no more text.
func TestElevenLabsTakesNothingBehindAClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{Pace: 4}, "&output_format=pcm_24000", "lateChunks:0")
		c.Send(say("c", "One two.", true), closeMessage, say("c", "Three.", true))
		enginetest.WantWords(t, pcm(t, c.until("c"), "c"), native, "One two.")
	})
}
