package main

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

func TestFirstAudioTakesTheRoundTrips(t *testing.T) {
	v, err := emulator.New("kugelaudio", emulator.Options{Distance: 5 * time.Millisecond, TLS: true, Chunk: frameEvery})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	url, err := v.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &farBench{
		clock:  newClock(),
		vendor: &path{dialect: vendorDialect{}, url: url, http: trusting(v.Certificate())},
	}
	if f.warm, err = dial(t.Context(), f.clock, f.vendor); err != nil {
		t.Fatal(err)
	}
	defer f.warm.close()
	// There and back once; before that the connection, TLS and the upgrade take as long each.
	for way, least := range map[string]time.Duration{directWarm: 10 * time.Millisecond, directFresh: 40 * time.Millisecond} {
		if took, err := f.measure(t.Context(), way); err != nil || took < least {
			t.Errorf("%s: got %v, %v, want at least %v", way, took, err, least)
		}
	}
}

func TestFarRelayIsAskedForFreshSockets(t *testing.T) {
	f := &farBench{}
	speeds := make(map[float64]bool)
	for range 4 * farAttempts { // of all ways
		f.number++
		speed := f.ownSpeed()
		if speeds[speed] || speed < 0.8 || speed > 1.2 {
			t.Errorf("speed %v was asked for before, or is none of the vendor's", speed)
		}
		speeds[speed] = true
	}
	if order := string(f.order("fresh", 0.9)[0]); !strings.Contains(order, `"route":"fresh"`) || !strings.Contains(order, `"speed":0.900`) {
		t.Errorf("got %s", order)
	}
}

func TestFarSectionDividesTurnByTurn(t *testing.T) {
	r := &report{Far: map[string][]float64{
		directWarm: {40, 80}, directFresh: {160, 160}, relayWarm: {44, 80}, relayFresh: {176, 160},
	}}
	s, ok := r.farSection()
	if !ok || s.Figures[0].Columns[relayWarm] != (spread{62, 44, 80}) {
		t.Errorf("got %+v", s)
	}
	if got, want := s.Figures[1].Columns[relayWarm], (spread{1.05, 1, 1.1}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := r.warmRatio(directFresh); got == nil || got.Median != 0.3875 {
		t.Errorf("got %v", got)
	}
	if got := (&report{}).warmRatio(directWarm); got != nil {
		t.Errorf("got %v of nothing", got)
	}
}
