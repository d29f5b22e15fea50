package python_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voicerelay/upstream/emulator"

	"github.com/voicerelay/voicerelay/client"
)

// A client is played with as plugins of agents do it: so many speeches side by side on one connection, each in one of five ways.
const (
	pluginSpeeches = 50
	pluginWays     = 5
	pluginText     = "One two three four five six. Seven eight nine ten eleven twelve. One three five seven nine eleven."
)

// beforeMany is a relay's configuration that lets one connection speak as much as it likes.
const beforeMany = `
listen: 127.0.0.1:0
shutdown_grace: 2s
limits: {generations_per_minute: 10000, max_concurrent_generations: 100}
providers:
  vendor: {adapter: kugelaudio, url: %q, api_key: %s, max_concurrent: 0}
routes:
  default: {targets: [{provider: vendor, model: kugel-3}], voice: narrator, first_audio_timeout: 30s, stall_timeout: 30s}
voices:
  narrator: {language: en, ids: {vendor: "1071"}}
`

// relayOfMany starts a relay before a vendor that speaks faster than its audio is played, in short frames.
func relayOfMany(t *testing.T, program string) (vendor *emulator.Server, address string) {
	t.Helper()
	vendor, base := start(t, "kugelaudio", emulator.Options{Pace: 6, Chunk: 20 * time.Millisecond})
	return vendor, serve(t, program, fmt.Sprintf(beforeMany, base, key))
}

func TestTheClientInPythonAsPluginsUseIt(t *testing.T) {
	program := build(t, "relay", "voicerelay/cmd/relay")
	everyPython(t, func(t *testing.T, python string) {
		vendor, address := relayOfMany(t, program)
		dir := t.TempDir()
		beside(t, dir)
		told := messages(lines(t, execute(t, dir, python, "plugin.py", address, pluginText)), "", "")
		if !slices.Equal(kinds(told), []string{"played"}) {
			t.Errorf("told %v", told)
		}
		checkCanceled(t, vendor)
	})
}

// checkCanceled checks that what was left or interrupted was told to the vendor, and nothing else.
func checkCanceled(t *testing.T, vendor *emulator.Server) {
	t.Helper()
	const most = pluginSpeeches/pluginWays + 1 // and the late one
	if n := len(vendor.Stats().Cancels); n == 0 || n > most {
		t.Errorf("the vendor was told to stop %d times, want some and %d at most", n, most)
	}
}

func TestTheClientInGoAsPluginsUseIt(t *testing.T) {
	vendor, address := relayOfMany(t, build(t, "relay", "voicerelay/cmd/relay"))
	c, err := client.Dial(t.Context(), client.Config{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ways := []func(context.Context, *client.Speech) error{unread, read, played, polled, interrupted}
	var wg sync.WaitGroup
	for i := range pluginSpeeches {
		text, way := pluginText, ways[i%len(ways)]
		if i%len(ways) == pluginWays-1 { // the one that interrupts
			text = strings.Repeat(pluginText+" ", 4)
		}
		s := speak(t, c, client.Request{Text: text, WordTimestamps: i%2 == 0})
		wg.Go(func() {
			if err := way(t.Context(), s); err != nil {
				t.Errorf("speech %d: %v", i, err)
			}
		})
	}
	began := time.Now()
	for _, err := range speak(t, c, client.Request{Text: "One two."}).Audio() {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if waited := time.Since(began); waited > 10*time.Second {
		t.Errorf("in parallel with the others the first audio came after %v", waited)
	}
	wg.Wait()
	checkCanceled(t, vendor)
}

func speak(t *testing.T, c *client.Client, r client.Request) *client.Speech {
	t.Helper()
	s, err := c.Speak(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// player checks that audio comes whole and in order.
type player struct {
	frames  uint32
	samples int
}

func (p *player) play(audio client.Audio) error {
	start := time.Duration(p.samples*1000/clientRate) * time.Millisecond
	if audio.Seq != p.frames || audio.Start != start || len(audio.Data) != 2*audio.Samples {
		return fmt.Errorf("got frame %d at %v, want %d at %v", audio.Seq, audio.Start, p.frames, start)
	}
	p.frames, p.samples = p.frames+1, p.samples+audio.Samples
	return nil
}

// listen plays all of a speech, with a pause for each frame.
func listen(ctx context.Context, s *client.Speech, pause func(client.Audio)) error {
	var p player
	for audio, err := range s.Audio() {
		if err == nil {
			err = p.play(audio)
		}
		if err != nil {
			return err
		}
		pause(audio)
	}
	done, err := s.Wait(ctx)
	if err != nil {
		return err
	}
	if got := int64(p.samples) * 1000 / clientRate; done.Reason != "completed" || got != done.Usage.AudioMS {
		return fmt.Errorf("%s with %d ms of %d", done.Reason, got, done.Usage.AudioMS)
	}
	return nil
}

func unread(ctx context.Context, s *client.Speech) error {
	done, err := s.Wait(ctx)
	if err == nil && done.Reason != "completed" {
		return errors.New(done.Reason)
	}
	return err
}

func read(ctx context.Context, s *client.Speech) error { return listen(ctx, s, func(client.Audio) {}) }

func played(ctx context.Context, s *client.Speech) error {
	return listen(ctx, s, func(audio client.Audio) {
		const speedup = 4
		time.Sleep(time.Duration(audio.Samples) * time.Second / clientRate / speedup)
	})
}

// polled asks now and then whether the speech has ended, beside its range.
func polled(ctx context.Context, s *client.Speech) error {
	return listen(ctx, s, func(client.Audio) {
		now, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		_, _ = s.Wait(now) // whatever it says
	})
}

// interrupted is a caller who interrupts at the first word.
func interrupted(ctx context.Context, s *client.Speech) error {
	for _, err := range s.Audio() {
		if err != nil {
			return err
		}
		break
	}
	spoken, err := s.CancelAt(ctx, 20*time.Millisecond)
	if err != nil {
		return err
	}
	if spoken.Char > strings.Index(pluginText, ".") {
		return fmt.Errorf("heard up to %d", spoken.Char)
	}
	done, err := s.Wait(ctx)
	if err == nil && done.Reason != "cancelled" && done.Reason != "completed" { // a busy machine may be late with the cancel
		return errors.New(done.Reason)
	}
	return err
}
