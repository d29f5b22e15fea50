package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testReport has two rounds on all paths, of as many generations as the goals are about.
func testReport() *report {
	one := func(p50, cpu float64) *round {
		return &round{
			Latency: quantiles{P50: p50, P99: 10 * p50}, Cancel: quantiles{P50: 1500, P99: 3000},
			Frames: 100, Measured: 50, CPUPerFrame: cpu,
		}
	}
	l := &level{Generations: latencyLevel, Rounds: map[string][]*round{
		directPath: {one(10, 0), one(20, 0)},
		nginxPath:  {one(100, 20), one(300, 20)},
		relayPath:  {one(150, 50), one(300, 60)},
	}}
	return &report{
		Conditions: conditions{Cores: 2, Pinned: true, Go: "go1.x", Rounds: 2, When: "some day"},
		Levels:     []*level{l},
		Memory:     map[string]*memory{relayPath: {Base: 12000, Idle: 12.34, Active: 20}},
	}
}

func TestFigures(t *testing.T) {
	r := testReport()
	r.summarize()
	title := r.Levels[0].title()
	latency, _ := r.figure(title, "latency p50")
	if want := (spread{225, 150, 300}); latency.Columns[relayPath] != want {
		t.Errorf("got %+v, want %+v", latency.Columns[relayPath], want)
	}
	if want := (spread{1.25, 1, 1.5}); *latency.Ratio != want {
		t.Errorf("got the ratio %+v, want %+v: round by round", *latency.Ratio, want)
	}
	cpu, _ := r.figure(title, "CPU a frame")
	if _, ok := cpu.Columns[directPath]; ok || *cpu.Ratio != (spread{2.75, 2.5, 3}) {
		t.Errorf("got %+v", cpu)
	}
	if hour, _ := r.figure(title, "CPU an hour of audio"); hour.Columns[nginxPath].Median != 0.72 {
		t.Errorf("got %+v: 36000 frames of 20 us", hour)
	}
	if cancel, _ := r.figure(title, "cancel p99"); cancel.Columns[relayPath].Median != 3 || cancel.Ratio != nil {
		t.Errorf("got %+v", cancel)
	}
}

func TestFaults(t *testing.T) {
	r := testReport()
	if err := r.faults(); err != nil {
		t.Errorf("got %v of a good run", err)
	}
	r.Levels[0].Rounds[relayPath][1].Lost = 3
	r.Levels[0].Rounds[nginxPath][0].Measured = 0
	err := r.faults()
	for _, want := range []string{"relay, round 2: 3 frames were lost", "nginx, round 1: no frame"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestSaveIsWhatWasMeasured(t *testing.T) {
	r := testReport()
	r.Capacity = &capacity{Held: 1500, Steps: []capacityStep{{Generations: 1500, Outcome: held}}}
	r.Ahead = map[string][]*aheadRound{plainRoute: {{round: round{Frames: 7}, Begin: quantiles{Count: 3}}}}
	r.Flat = map[string][]*flatRound{relayPath: {{Frames: 8}}}
	r.Far = map[string][]float64{relayWarm: {41.5}}
	r.summarize()
	file := filepath.Join(t.TempDir(), "result.json")
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	got, err := readFormer(file)
	if err != nil {
		t.Fatal(err)
	}
	if *got.Levels[0].Rounds[relayPath][1] != *r.Levels[0].Rounds[relayPath][1] || *got.Memory[relayPath] != *r.Memory[relayPath] ||
		*got.Ahead[plainRoute][0] != *r.Ahead[plainRoute][0] {
		t.Errorf("got other rounds or memory than were saved")
	}
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&want, data); err != nil || want.String() != string(again) {
		t.Errorf("read and written again it is another: %v\n%s\n%s", err, &want, again)
	}
}
