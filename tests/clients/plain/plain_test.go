package plain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/clients/plain"
	"voicerelay/tests/clients/rig"
)

const (
	text = "One two three four five six, seven eight nine ten."
	rate = 24000
)

func TestMain(m *testing.M) { rig.Main(m) }

// spoken is a whole answer as a turn.
func spoken(t *testing.T, answer *http.Response) *rig.Turn {
	t.Helper()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("got %d, %.200q, %v", answer.StatusCode, data, err)
	}
	return &rig.Turn{Audio: data}
}

// each runs a test with each platform, and with a relay of its own.
func each(t *testing.T, o rig.Options, test func(t *testing.T, r *rig.Rig, p plain.Platform)) {
	t.Helper()
	for _, p := range plain.Platforms {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			test(t, rig.Start(t, o), p)
		})
	}
}

func TestPlatformsAreSpokenTo(t *testing.T) {
	each(t, rig.Options{}, func(t *testing.T, r *rig.Rig, p plain.Platform) {
		answer := p.Ask(t.Context(), t, r)
		spoken(t, answer).Says(t, rate, text)
		if kind := answer.Header.Get("Content-Type"); kind != p.MediaType {
			t.Errorf("Content-Type is %q, want %q", kind, p.MediaType)
		}
		if got := r.Records(t, 1)[0]; got.Outcome != "completed" || got.Metadata["platform"] != p.Name && got.Metadata["dialect"] != "openai" {
			t.Errorf("recorded %+v", got)
		}
	})
}

// The headline: a vendor is lost in the middle of a word, and the platform gets every word.
func TestAVendorBreaksInAWordAndPlatformsDoNotNotice(t *testing.T) {
	for _, word := range []int{1, 8} {
		each(t, rig.Options{}, func(t *testing.T, r *rig.Rig, p plain.Platform) {
			r.BreakIn(t, "first", text, word)
			turn := spoken(t, p.Ask(t.Context(), t, r))
			turn.Cuts = 1
			turn.Says(t, rate, text)
			if got := r.Records(t, 1)[0]; len(got.Attempts) != 2 || got.Attempts[1].Provider != "second" {
				t.Errorf("recorded %+v", got.Attempts)
			}
		})
	}
}

// Unless an installation says otherwise, jambonz takes nothing but MP3.
func TestJambonzGetsMP3(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	r := rig.Start(t, rig.Options{})
	jambonz := plain.Platforms[1]
	jambonz.Header = http.Header{"Accept": {"audio/mpeg"}}
	answer := jambonz.Ask(t.Context(), t, r)
	spoken(t, answer).Samples(t, rate).Says(t, rate, text)
	if kind := answer.Header.Get("Content-Type"); kind != "audio/mpeg" {
		t.Errorf("Content-Type is %q", kind)
	}
}

func TestVapiHasItsRate(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	whole := r.Length(t, "first", text)
	for _, rate := range []int{8000, 16000, 22050, 24000, 44100} {
		turn := spoken(t, plain.Platforms[0].Ask(t.Context(), t, r, `"sampleRate": 24000`, fmt.Sprintf(`"sampleRate": %d`, rate)))
		length := time.Duration(len(turn.Audio)/2) * time.Second / time.Duration(rate)
		if (length - whole).Abs() > 50*time.Millisecond {
			t.Errorf("at %d Hz: %v of audio, want %v", rate, length, whole)
		}
	}
	if got := r.Records(t, 5)[0]; got.Metadata["call_id"] != "9a2f6a0e-2b6c-4c55-a0d3-f0a4c4f0c7d1" {
		t.Errorf("recorded %v", got.Metadata)
	}
}

// A call's history comes with each of its texts.
func TestVapiSendsSeveralMiB(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	history := strings.Repeat(`{"role": "assistant", "message": "And so on \u00e9.", "secondsFromStart": 5.25}, `, 70_000)
	spoken(t, plain.Platforms[0].Ask(t.Context(), t, r, `"messages": [`, `"messages": [`+history)).Says(t, rate, text)
}

func TestAPlatformThatHangsUpStopsTheVendor(t *testing.T) {
	each(t, rig.Options{Pace: 1}, func(t *testing.T, r *rig.Rig, p plain.Platform) {
		ctx, hangUp := context.WithCancel(t.Context())
		answer := p.Ask(ctx, t, r)
		turn := &rig.Turn{Audio: make([]byte, 4800)}
		if _, err := io.ReadFull(answer.Body, turn.Audio); err != nil {
			t.Fatal(err)
		}
		hangUp()
		turn.Begins(t, rate, text)
		if generated, whole := r.Stopped(t, "first"), r.Length(t, "first", text); len(generated) != 1 || generated[0] > whole/2 {
			t.Errorf("the vendor generated %v of %v", generated, whole)
		}
		if got := r.Records(t, 1)[0]; got.Outcome != "cancelled" {
			t.Errorf("recorded %+v", got)
		}
	})
}

func TestPlatformsAreRefused(t *testing.T) {
	each(t, rig.Options{Limits: map[string]any{"http_generations_per_minute": 1}}, func(t *testing.T, r *rig.Rig, p plain.Platform) {
		if answer := p.Ask(t.Context(), t, r.As("sk-wrong")); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("a wrong key: %d", answer.StatusCode)
		}
		spoken(t, p.Ask(t.Context(), t, r))
		p.Header = nil // another text to Tencent, and no second try
		if answer := p.Ask(t.Context(), t, r); answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
			t.Errorf("too soon: %d, Retry-After %q", answer.StatusCode, answer.Header.Get("Retry-After"))
		}
	})
}

// Speech that breaks off has no clean end.
func TestPlatformsNoticeThatAllVendorsAreLost(t *testing.T) {
	each(t, rig.Options{}, func(t *testing.T, r *rig.Rig, p plain.Platform) {
		r.BreakIn(t, "first", text, 5)
		r.Kill(t, "second")
		data, err := io.ReadAll(p.Ask(t.Context(), t, r).Body)
		if len(data) == 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes, then %v", len(data), err)
		}
	})
}

func TestTencentIsSpokenToOnce(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	tencent := plain.Platforms[2]
	spoken(t, tencent.Ask(t.Context(), t, r)).Says(t, rate, text)
	if answer := tencent.Ask(t.Context(), t, r); answer.StatusCode != http.StatusConflict {
		t.Errorf("the same id again: %d", answer.StatusCode)
	}
	r.Records(t, 1)
}

func TestAnEmptyTextIsSilence(t *testing.T) {
	r := rig.Start(t, rig.Options{})
	turn := spoken(t, plain.Platforms[0].Ask(t.Context(), t, r, text, ""))
	if !bytes.Equal(turn.Audio, make([]byte, 2*rate/10)) {
		t.Errorf("%d bytes, want 100 ms of silence", len(turn.Audio))
	}
}
