package elevenlabs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// pcm is a context's audio.
func pcm(t *testing.T, all []frame, id string) []byte {
	t.Helper()
	return bytes.Join(chunks(t, all, id), nil)
}

// native is the format that pcm_24000 is.
var native = audio.Format{Encoding: audio.PCM16, Rate: engine.NativeRate}

// A faster voice is done sooner.
func TestElevenLabsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{}, "")
		c.Send(`{"text":"Hello there. ","context_id":"c","flush":true}`, closeMessage)
		c.until("c")
		c.Send(`{"text":"Hello there. ","context_id":"fast","flush":true,"voice_settings":{"speed":1.2}}`, `{"context_id":"fast","close_context":true}`)
		c.until("fast")
		streams := c.Server.Stats().Streams
		if ratio := streams[0].Audio.Seconds() / streams[1].Audio.Seconds(); ratio < 1.15 || ratio > 1.25 {
			t.Errorf("at speed 1.2: %v, at 1: %v", streams[1].Audio, streams[0].Audio)
		}
	})
}

// Compressed formats have frames of their own; nothing is lost at a context's end.
func TestElevenLabsSpeaksCompressed(t *testing.T) {
	for name, magic := range map[string]string{"": "\xff\xfb", "mp3_22050_32": "\xff\xf3", "opus_48000_32": "OggS"} {
		c := talk(t, engine.Options{}, "&output_format="+name, "oddChunks:false")
		c.Send(helloMessage, closeMessage)
		if raw := bytes.Join(chunks(t, c.until("c"), "c"), nil); !bytes.HasPrefix(raw, []byte(magic)) {
			t.Errorf("%s: got %x, want %x", name, raw[:min(len(raw), 8)], magic)
		}
	}
}

// Contexts of a socket are spoken side by side, or one at a time, as drawn.
func TestElevenLabsSpeaksContextsInTurnOrTogether(t *testing.T) {
	for _, serial := range []bool{false, true} {
		t.Run(fmt.Sprint(serial), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{Pace: 8, Chunk: 100 * time.Millisecond}, "&output_format=pcm_24000", fmt.Sprintf("serial:%t", serial), "flushDone:false")
				c.Send(say("a", longSentence, true))
				c.Await("its begin", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio > 0 })
				c.Send(say("b", longSentence, true), `{"context_id":"a","close_context":true}`, `{"context_id":"b","close_context":true}`)
				var order []string
				for ended := 0; ended < 2; {
					f, err := c.read()
					if err != nil {
						t.Fatal(err)
					}
					if f.Final {
						ended++
					} else if f.Audio != nil {
						order = append(order, f.id())
					}
				}
				// The rest in a's encoder may come after b's first frame, for it has no turn to wait for.
				if changes := len(slices.Compact(order)) - 1; serial != (changes <= 3) {
					t.Errorf("serial %t: %d changes in %v", serial, changes, order)
				}
			})
		})
	}
}

// Alignments say of every character when it is spoken: as it was sent and as it is spoken, of a whole text or of each
// frame. Whichever it is, what was told so far lasts as long as what was heard of the texts that it describes.
func TestElevenLabsAlignsCharacters(t *testing.T) {
	const text, said = "I have 3 cats, two dogs... ", "I have three cats two dogs"
	tests := map[string][]string{
		"whole":        {"alignWhole:true"},
		"each":         {"alignWhole:false"},
		"with a space": {"leadingSpace:true"},
	}
	for name, quirks := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{}, "&output_format=pcm_24000&sync_alignment=true", append(quirks, "lateChunks:0")...)
				c.Send(say("c", text, true), say("c", text, true), closeMessage)
				all := c.until("c")
				written, end := joinAlignments(t, all, func(f frame) *alignment { return f.Alignment })
				if got := strings.Join(strings.Fields(written), " "); got != strings.TrimSpace(text+text) {
					t.Errorf("alignment: got %q", got)
				}
				heard := c.Server.Stats().Streams[0].Audio
				if end < heard-20*time.Millisecond || end > heard+20*time.Millisecond {
					t.Errorf("alignments last %v, want %v", end, heard)
				}
				spoken, last := wholeAlignment(t, all)
				if got, want := strings.Join(strings.Fields(spoken), " "), said+" "+said; got != want {
					t.Errorf("normalizedAlignment: got %q, want %q", got, want)
				}
				if last < heard-20*time.Millisecond || last > heard+20*time.Millisecond {
					t.Errorf("normalizedAlignment ends at %v, want the context's end, %v", last, heard)
				}
			})
		})
	}
}

// joinAlignments joins alignments: their characters, and how long they last. Each must count up from its own start.
func joinAlignments(t *testing.T, all []frame, of func(frame) *alignment) (text string, length time.Duration) {
	t.Helper()
	for _, f := range all {
		if a := of(f); a != nil {
			text += strings.Join(a.Chars, "")
			length += time.Duration(a.end(t, 0)) * time.Millisecond
		}
	}
	return text, length
}

// wholeAlignment joins the alignments of what is spoken: their characters, and when the last one ends. They count from the
// context's start.
func wholeAlignment(t *testing.T, all []frame) (text string, last time.Duration) {
	t.Helper()
	at := int64(0)
	for _, f := range all {
		if a := f.Normalized; a != nil && len(a.Chars) > 0 {
			text += strings.Join(a.Chars, "")
			at = a.end(t, at)
		}
	}
	return text, time.Duration(at) * time.Millisecond
}

// end is when the last character ends. None may begin before the one before it has ended, or before at; a millisecond is
// lost where a stretch ends between two.
func (a *alignment) end(t *testing.T, at int64) int64 {
	t.Helper()
	if len(a.Starts) != len(a.Chars) || len(a.Durations) != len(a.Chars) {
		t.Fatalf("%d characters, %d starts, %d durations", len(a.Chars), len(a.Starts), len(a.Durations))
	}
	for i, start := range a.Starts {
		if start < at || a.Durations[i] < 0 {
			t.Fatalf("character %d of %q at %d for %d ms, and the one before ends at %d", i, a.Chars, start, a.Durations[i], at)
		}
		at = start + a.Durations[i]
	}
	return at
}

// Words are where the alignment says: between the characters of one and those of the next the audio is silent.
func TestElevenLabsAlignmentMeetsTheAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spoken := voice.Speak("Two words.", 3, engine.NativeRate, 1)
		chars := written("", "Two words.", spoken, true)
		at := func(i int) time.Duration {
			return audio.Duration(chars[i].start, engine.NativeRate).Round(time.Millisecond)
		}
		for i, want := range map[int]time.Duration{0: spoken.Words[0].Start, 3: spoken.Words[0].End, 4: spoken.Words[1].Start, 9: spoken.Words[1].End} {
			if got := at(i); got != want.Round(time.Millisecond) {
				t.Errorf("character %d (%q): got %v, want %v", i, chars[i].text, got, want)
			}
		}
		if last := chars[len(chars)-1]; last.end != int64(len(spoken.PCM)) {
			t.Errorf("the last one ends at %d, want %d", last.end, len(spoken.PCM))
		}
	})
}

// Without sync_alignment there is none, unless drawn, and then of whole texts. Both halves come together: LiveKit's plugin
// reads the one, and Pipecat the other.
func TestElevenLabsAlignsUnaskedWhereDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for quirk, want := range map[string]int{"alignUnasked:false": 0, "alignUnasked:true": 2} {
			c := talk(t, engine.Options{Chunk: 50 * time.Millisecond}, "&output_format=pcm_24000", quirk)
			c.Send(helloMessage, helloMessage, closeMessage)
			got := 0
			for _, f := range c.until("c") {
				if (f.Alignment == nil) != (f.Normalized == nil) {
					t.Errorf("%s: one alignment without the other", quirk)
				}
				if f.Alignment != nil {
					got++
				}
			}
			if got != want {
				t.Errorf("%s: got %d, want %d", quirk, got, want)
			}
		}
	})
}
