package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func testBench(t *testing.T, v *vendor) *bench {
	t.Helper()
	s := &settings{duration: 300 * time.Millisecond, rounds: 1, paths: strings.Join(allPaths, ",")}
	return &bench{settings: s, clock: v.clock, dir: t.TempDir(), progress: io.Discard}
}

// little is the demand of a test.
var little = demand{generations: 8, duration: 300 * time.Millisecond}

// A whole round without a proxy: all that is measured is there, and the vendor and the clients agree.
func TestLoad(t *testing.T) {
	t.Parallel()
	v := startTestVendor(t)
	b := testBench(t, v)
	r, err := b.load(t.Context(), newDirect(v), little)
	if err != nil {
		t.Fatal(err)
	}
	perSpeaker := int(little.duration / frameEvery)
	if least := little.generations * (perSpeaker - 1); r.Measured < least || r.Measured > r.Frames {
		t.Errorf("measured %d frames of %d, want at least %d", r.Measured, r.Frames, least)
	}
	if r.Lost != 0 || r.Cancel.Count != little.generations/2 || r.VendorLate.Count < r.Frames {
		t.Errorf("lost %d, cancelled %d, the vendor sent %d of %d", r.Lost, r.Cancel.Count, r.VendorLate.Count, r.Frames)
	}
	if r.Latency.P50 <= 0 || r.Latency.P99 < r.Latency.P50 || r.Cancel.P50 <= 0 || r.HarnessCores <= 0 || r.CPUPerFrame != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	v := startTestVendor(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errEnough)
	defer cancel()
	if _, err := testBench(t, v).load(ctx, newDirect(v), little); !errors.Is(err, errEnough) {
		t.Errorf("got %v of a round that was broken off, want its cause", err)
	}
}

var errEnough = errors.New("enough")

func TestLoadWithoutAVendor(t *testing.T) {
	v := startTestVendor(t)
	if err := v.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := testBench(t, v).load(t.Context(), newDirect(v), little); err == nil || !strings.Contains(err.Error(), "connect") {
		t.Errorf("got %v", err)
	}
}

// spokenUtterance is what a vendor notes of one that ended.
func spokenUtterance(v *vendor, number, frames int, cancelled time.Duration) {
	u := v.spoken.begin(number)
	u.frames, u.late, u.cancelled = frames, make([]time.Duration, frames), cancelled
	close(u.over)
}

func TestJudge(t *testing.T) {
	ms := time.Millisecond
	arrivals := []arrival{{sent: 10 * ms, took: 1 * ms}, {sent: 20 * ms, took: 2 * ms}, {sent: 30 * ms, took: 3 * ms}}
	w := &window{from: 20 * ms, to: 30 * ms, used: usage{proxy: 5 * ms, harness: 20 * ms, machine: 26 * ms}}
	tests := []struct {
		name  string
		note  func(*vendor)
		heard heard
		want  round
		fault string
	}{
		{
			name:  "to its end",
			note:  func(v *vendor) { spokenUtterance(v, 1, 3, 0) },
			heard: heard{number: 1, arrivals: arrivals},
			want:  round{Latency: quantiles{1, 2000, 2000, 2000}, VendorLate: quantiles{Count: 3}, Frames: 3, Measured: 1},
		},
		{
			name:  "the last frame lost",
			note:  func(v *vendor) { spokenUtterance(v, 1, 4, 0) },
			heard: heard{number: 1, arrivals: arrivals},
			want:  round{Latency: quantiles{1, 2000, 2000, 2000}, VendorLate: quantiles{Count: 4}, Frames: 3, Measured: 1, Lost: 1},
		},
		{
			name:  "cancelled, with a frame under way",
			note:  func(v *vendor) { spokenUtterance(v, 1, 4, 33*ms) },
			heard: heard{number: 1, arrivals: arrivals, stoppedAt: 32 * ms},
			want: round{
				Latency: quantiles{1, 2000, 2000, 2000}, Cancel: quantiles{1, 1000, 1000, 1000},
				VendorLate: quantiles{Count: 4}, Frames: 3, Measured: 1,
			},
		},
		{
			name:  "a cancel that never came",
			note:  func(v *vendor) { spokenUtterance(v, 1, 3, 0) },
			heard: heard{number: 1, arrivals: arrivals, stoppedAt: 32 * ms},
			fault: "not told",
		},
		{name: "never spoken", note: func(*vendor) {}, heard: heard{number: 1}, fault: "spoken 0 times"},
		{
			name:  "spoken twice",
			note:  func(v *vendor) { spokenUtterance(v, 1, 3, 0); spokenUtterance(v, 1, 3, 0) },
			heard: heard{number: 1, arrivals: arrivals},
			fault: "spoken 2 times",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := startTestVendor(t)
			test.note(v)
			got, err := testBench(t, v).judge(t.Context(), v, []*heard{&test.heard}, w)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Errorf("got %v, want %q", err, test.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			test.want.CPUPerFrame, test.want.HarnessCores = 5000, 2
			test.want.ProxyCores, test.want.HarnessLate = 0.5, true
			got.ElsewhereBusy = 0 // a difference of floats
			if *got != test.want {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

func TestNginxForwards(t *testing.T) {
	t.Parallel()
	if _, err := findNginx(); err != nil {
		t.Skip(err)
	}
	v := startTestVendor(t)
	b := testBench(t, v)
	p, err := b.startNginx(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	clients, err := b.connect(t.Context(), p, 1)
	defer closeAll(clients)
	if err != nil {
		t.Fatal(err)
	}
	h, err := clients[0].speak(t.Context(), line{1, "Utterance 1 is short."})
	if err != nil || len(h.arrivals) != framesFor(len("Utterance 1 is short.")) {
		t.Errorf("heard %+v, %v", h, err)
	}
	closeAll(clients)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestUtterancesAreKnownByTheirNumber(t *testing.T) {
	for _, characters := range []int{30, 77, 1000} {
		text := utteranceText(4711, characters)
		if numberIn(text) != 4711 || !strings.HasSuffix(text, ".") || slices.Contains([]byte(text), '\n') {
			t.Errorf("%d characters: %q", characters, text)
		}
	}
}
