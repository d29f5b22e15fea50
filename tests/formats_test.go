package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// formats is every format of section 3's table that this version can give.
func formats() []format {
	var all []format
	for _, encoding := range []string{"pcm_s16le", "pcm_f32le", "wav"} {
		for _, rate := range []int{8000, 16000, 22050, 24000, 32000, 44100, 48000} {
			all = append(all, format{encoding, rate})
		}
	}
	return append(all, format{"mulaw", 8000}, format{"alaw", 8000})
}

func TestTwelveWordsComeBackInEveryFormat(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, query := range []string{"audio=json", "audio=binary"} {
		t.Run(query, func(t *testing.T) {
			c := r.dialWith(t, dialing{query: query})
			for i, f := range formats() {
				c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": twelve, "output": f})
			}
			for i := range formats() {
				id := fmt.Sprint("g", i)
				c.completed(id)
				c.speaks(id, twelve)
			}
		})
	}
}

// The two kinds of frame take different ways through the relay; the audio in them is the same, byte for byte.
func TestJSONAndBinaryCarryTheSameAudio(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	text, bin := r.dial(t), r.dialWith(t, dialing{query: "audio=binary"})
	for i, f := range formats() {
		id := fmt.Sprint("g", i)
		for _, c := range []*client{text, bin} {
			c.send(j{"type": "generate", "generation_id": id, "text": twelve, "output": f})
			c.completed(id)
		}
		a, _ := text.audio(id)
		b, _ := bin.audio(id)
		if !slices.Equal(a, b) {
			t.Errorf("%v: %d samples as JSON, %d in binary frames, or others", f, len(a), len(b))
		}
	}
}

func TestOutputDefaults(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	c := r.dial(t)
	tests := map[string]struct {
		output any
		want   format
	}{
		"empty":          {j{}, format{"pcm_s16le", 24000}},
		"rate only":      {j{"sample_rate": 16000}, format{"pcm_s16le", 16000}},
		"float only":     {j{"encoding": "pcm_f32le"}, format{"pcm_f32le", 24000}},
		"mulaw only":     {j{"encoding": "mulaw"}, format{"mulaw", 8000}},
		"alaw only":      {j{"encoding": "alaw"}, format{"alaw", 8000}},
		"nothing at all": {nil, format{"pcm_s16le", 24000}},
	}
	n := 0
	for name, tt := range tests {
		n++
		cmd := j{"type": "generate", "generation_id": fmt.Sprint("g", n), "text": "quick dog."}
		if tt.output != nil {
			cmd["output"] = tt.output
		}
		c.send(cmd)
		if got := c.started(fmt.Sprint("g", n)).Output; got != tt.want {
			t.Errorf("%s: started in %v, want %v", name, got, tt.want)
		}
		c.completed(fmt.Sprint("g", n))
	}
}

// A telephone call in µ-law at 8 kHz and a browser in 48 kHz floats must hear the same length of speech.
func TestFormatsAgreeOnDuration(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	c := r.dial(t)
	for i, f := range formats() {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": twelve, "output": f})
		c.completed(id)
	}
	want := c.done("g0").Usage.AudioMS
	for i, f := range formats() {
		if got := c.done(fmt.Sprint("g", i)).Usage.AudioMS; got < want-1 || got > want+1 {
			t.Errorf("%v: %d ms of audio, %v has %d ms", f, got, formats()[0], want)
		}
	}
}

func TestAnyValidIDComesBackInEitherFrame(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, query := range []string{"audio=json", "audio=binary"} {
		c := r.dialWith(t, dialing{query: query})
		for _, id := range []string{"0", "-", "a.b_c:d-E", strings.Repeat("x", 128)} {
			c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
			c.completed(id)
			c.speaks(id, "lazy dog.")
		}
	}
}

func TestReadyNamesFormatsAndLimits(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Limits = map[string]any{"cancels_per_minute": 7, "idle_timeout": "90s"}
	c := serve(t, cfg).dial(t)
	ready := c.await("ready", func(m message) bool { return m.kind == "ready" })
	want := map[string]int64{
		"generations_per_minute": 60, "cancels_per_minute": 7, "max_concurrent_generations": 16,
		"max_text_characters": 10000, "max_message_bytes": 262144, "idle_timeout_ms": 90000,
		"buffer_ms": 30000, "duplicate_window_ms": 3600000,
	}
	for name, n := range want {
		if ready.Limits[name] != n {
			t.Errorf("limits.%s is %d, want %d", name, ready.Limits[name], n)
		}
	}
	if got := fmt.Sprint(ready.Formats); !strings.HasPrefix(got, "[pcm_s16le pcm_f32le wav mulaw alaw flac") { // what follows depends on the machine
		t.Errorf("formats are %s", got)
	}
}
