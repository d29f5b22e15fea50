package real_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/tests/process"
)

// rate is that of what the relay is asked for, in hertz.
const rate = 24000

// settings is a relay before two engines, with a route for each of them alone and for both orders. No circuit opens, since a voice that
// is killed again and again would be left alone.
const settings = `
listen: 127.0.0.1:0
shutdown_grace: 2s
limits: {generations_per_minute: 100000}
circuit: {consecutive_failures: 1000, min_requests: 100000}
providers:
  hibari: {adapter: openai, url: %q, max_concurrent: 0}
  joe: {adapter: wyoming, url: %q, max_concurrent: 0}
routes:
  hibari: {targets: [{provider: hibari, model: hibari}], %[3]s}
  joe: {targets: [{provider: joe}], %[3]s}
  hibari-joe: {targets: [{provider: hibari, model: hibari}, {provider: joe}], %[3]s}
  joe-hibari: {targets: [{provider: joe}, {provider: hibari, model: hibari}], %[3]s}
voices:
  narrator: {language: en, ids: {hibari: %q, joe: %q}}
  nobody: {language: en, ids: {hibari: nobody, joe: nobody}}
`

// patience is what an engine is given on a machine that does other things too.
const patience = "first_audio_timeout: 20s, stall_timeout: 20s, hedge_after: 0s"

// startRelay starts a relay before the engines, with a client.
func startRelay(t *testing.T, hibari, joe *engine) *client.Client {
	t.Helper()
	program, err := relayProgram()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	config := fmt.Sprintf(settings, hibari.url, joe.url, patience, hibari.voice, joe.voice)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	server := process.Start(t, process.Command(program, dir, "serve", "-config", path))
	c, err := client.Dial(t.Context(), client.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// reading is what a caller got of a text.
type reading struct {
	pcm      []int16
	first    time.Duration // until the first audio
	gap      time.Duration // for which playback ran dry, from the first audio on
	rerouted []protocol.Rerouted
	join     int // samples before the second voice's
	done     *protocol.Done
}

// read has a text read on a route.
func read(t *testing.T, c *client.Client, route, voice, text string) *reading {
	t.Helper()
	began := time.Now()
	speech, err := c.Speak(t.Context(), client.Request{
		Text: text, Route: route, Voice: voice, Output: protocol.Output{Encoding: protocol.EncodingPCM16, SampleRate: rate},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &reading{}
	r.listen(t, speech, began)
	return r
}

// listen hears a speech to its end.
func (r *reading) listen(t *testing.T, speech *client.Speech, began time.Time) {
	t.Helper()
	var played time.Duration // until when what has come can be played
	for event, err := range speech.Events() {
		if err != nil {
			break // Wait says the same
		}
		switch e := event.(type) {
		case protocol.Rerouted:
			r.rerouted = append(r.rerouted, e)
			r.join = len(r.pcm)
		case client.Audio:
			at := time.Since(began)
			if played == 0 {
				r.first, played = at, at
			}
			r.gap = max(r.gap, at-played)
			played = max(played, at) + length(e.Samples)
			for i := 0; i+1 < len(e.Data); i += 2 {
				r.pcm = append(r.pcm, int16(binary.LittleEndian.Uint16(e.Data[i:])))
			}
		}
	}
	var err error
	if r.done, err = speech.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// length is how long samples last.
func length(samples int) time.Duration { return time.Duration(samples) * time.Second / rate }
