package main

import (
	"strings"
	"testing"
	"time"
)

func TestFlatOutHearsAllOfIt(t *testing.T) {
	t.Parallel()
	v := startPacedVendor(t, unpaced)
	b := testBench(t, v)
	r, err := b.flatRound(t.Context(), newDirect(v), 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if least := flatGenerations * 30; r.Frames < least || r.FrameRate <= 0 || r.Proxy != 0 || r.Harness <= 0 {
		t.Errorf("got %+v, want at least %d frames and no proxy", r, least)
	}
}

func TestFlatOutFailsWhereAFrameIsMissing(t *testing.T) {
	v := startPacedVendor(t, unpaced)
	spokenUtterance(v, 1, 3, 0)
	h := &heard{number: 1, arrivals: make([]arrival, 2)}
	if _, err := flatRoundOf(t.Context(), v, []*heard{h}, &window{to: time.Second}); err == nil || !strings.Contains(err.Error(), "utterance 1") {
		t.Errorf("got %v of two frames of three", err)
	}
}

func TestFlatSectionSaysWhichProxyHadTimeLeft(t *testing.T) {
	r := &report{Flat: map[string][]*flatRound{
		directPath: {{FrameRate: 400}},
		nginxPath:  {{FrameRate: 200, Proxy: 0.99}},
		relayPath:  {{FrameRate: 100, Proxy: 0.5}},
	}}
	s, ok := r.flatSection()
	if !ok || s.Figures[0].Ratio.Median != 0.5 {
		t.Errorf("got %+v", s)
	}
	if len(s.Notes) != 1 || !strings.HasPrefix(s.Notes[0], relayPath) {
		t.Errorf("got the notes %q, want one of the relay", s.Notes)
	}
	if _, ok := (&report{}).flatSection(); ok {
		t.Error("a table of nothing")
	}
}
