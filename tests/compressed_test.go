package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// compressedFormats are what a relay on this machine compresses into.
func compressedFormats(t *testing.T, c *client) (all []format) {
	t.Helper()
	ready := c.await("ready", func(m message) bool { return m.kind == "ready" })
	for _, encoding := range []string{"flac", "mp3", "opus"} {
		if !slices.Contains(ready.Formats, encoding) {
			t.Logf("no encoder of %s is installed", encoding)
			continue
		}
		all = append(all, format{encoding, 24000}, format{encoding, 16000}, format{encoding, 48000})
	}
	return all
}

// decompressed is what ffmpeg hears of a file, at a format's rate.
func decompressed(t *testing.T, file []byte, f format) []int16 {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	path := filepath.Join(t.TempDir(), "compressed")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-i", path, "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(f.Rate), "pipe:1")
	cmd.Stderr = os.Stderr
	pcm, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg does not decode %v: %v", f, err)
	}
	return format{"pcm_s16le", f.Rate}.samples(pcm)
}

// lasts checks how long what was decoded is: to the sample, but for MP3, which has no length and whole frames.
func lasts(t *testing.T, pcm []int16, f format, samples int64) {
	t.Helper()
	longer := int64(len(pcm)) - samples
	most := int64(0)
	if f.Encoding == "mp3" {
		most = int64(f.Rate) * 150 / 1000
	}
	if longer < 0 || longer > most {
		t.Errorf("%v: %d samples were decoded of %d", f, len(pcm), samples)
	}
}

// hearsNearly checks that samples are the words of a text, of which two may run into each other: at low rates Opus fills the short
// pauses that these words have between them.
func hearsNearly(t *testing.T, pcm []int16, f format, text string) {
	t.Helper()
	if f.Encoding == "flac" {
		hears(t, pcm, f.Rate, text)
		return
	}
	want := voice.Words(text)
	got, err := voice.Decode(pcm, f.Rate, slices.Concat(lexicon, want))
	if err != nil {
		t.Fatalf("%v: listen to %d samples: %v", f, len(pcm), err)
	}
	heard := 0
	for _, w := range got {
		if heard < len(want) && slices.ContainsFunc(want, func(other string) bool { return strings.EqualFold(w, other) }) {
			heard++
		}
	}
	if heard < len(want)-2 || len(got) > len(want) {
		t.Errorf("%v: heard %q, want %q", f, got, want)
	}
}

// What another program decodes are the words of the text, and as many samples as the relay tells of.
func TestCompressedSpeechIsHeard(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, query := range []string{"audio=json", "audio=binary"} {
		t.Run(query, func(t *testing.T) {
			c := r.dialWith(t, dialing{query: query})
			for i, f := range compressedFormats(t, c) {
				id := fmt.Sprint("g", i)
				c.send(j{"type": "generate", "generation_id": id, "text": twelve, "output": f, "word_timestamps": true})
				c.completed(id)
				var file []byte
				var samples int64
				for _, m := range c.about(id) {
					file, samples = append(file, m.Audio...), samples+m.Samples
				}
				pcm := decompressed(t, file, f)
				lasts(t, pcm, f, samples)
				hearsNearly(t, pcm, f, twelve)
			}
		})
	}
}

func TestCompressedSpeechByHTTP(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	types := map[string]string{"flac": "audio/flac", "mp3": "audio/mpeg", "opus": "audio/ogg"}
	for _, f := range compressedFormats(t, r.dial(t)) {
		s := r.speak(t, j{"text": twelve, "output": f}, nil)
		u := s.ended(t, "completed")
		if got := s.header.Get("Content-Type"); got != types[f.Encoding] {
			t.Errorf("%v: Content-Type is %q", f, got)
		}
		pcm := decompressed(t, s.body, f)
		if ms := int64(len(pcm)) * 1000 / int64(f.Rate); f.Encoding != "mp3" && u.AudioMS != ms {
			t.Errorf("%v: usage has %d ms, and %d were decoded", f, u.AudioMS, ms)
		}
		hearsNearly(t, pcm, f, twelve)
	}
}
