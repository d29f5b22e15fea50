package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testReport has two rounds on all paths.
func testReport() *report {
	one := func(p50, cpu float64, lost int) *round {
		return &round{
			Latency: quantiles{P50: p50, P99: 10 * p50}, Cancel: quantiles{P50: 1500, P99: 3000},
			Frames: 100, Measured: 50, Lost: lost, CPUPerFrame: cpu,
		}
	}
	return &report{
		Conditions: conditions{Cores: 2, Pinned: true, Go: "go1.x", Generations: 10, Rounds: 2},
		Rounds: map[string][]*round{
			directPath: {one(10, 0, 0), one(20, 0, 0)},
			nginxPath:  {one(100, 20, 0), one(300, 20, 0)},
			relayPath:  {one(150, 50, 0), one(300, 60, 0)},
		},
		Memory: map[string]*memory{relayPath: {Base: 12000, Idle: 12.34, Active: 20}},
	}
}

func TestFigures(t *testing.T) {
	r := testReport()
	r.summarize()
	got := make(map[string]figure)
	for _, f := range r.Figures {
		got[f.Name] = f
	}
	latency := got["latency p50"]
	if want := (spread{225, 150, 300}); latency.Paths[relayPath] != want {
		t.Errorf("got %+v, want %+v", latency.Paths[relayPath], want)
	}
	if want := (spread{1.25, 1, 1.5}); *latency.Ratio != want {
		t.Errorf("got the ratio %+v, want %+v: round by round", *latency.Ratio, want)
	}
	cpu := got["CPU a frame"]
	if _, ok := cpu.Paths[directPath]; ok || *cpu.Ratio != (spread{2.75, 2.5, 3}) {
		t.Errorf("got %+v", cpu)
	}
	if cancel := got["cancel p99"]; cancel.Paths[relayPath].Median != 3 || cancel.Ratio != nil {
		t.Errorf("got %+v", cancel)
	}
}

func TestTableHasWhatThereIs(t *testing.T) {
	r := testReport()
	r.summarize()
	var out bytes.Buffer
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 cores, the proxy on one core", "relay / nginx", "225 [150 - 300]", "1.25 [1.00 - 1.50]", "frames lost", "12.3",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestTableSaysWhenOthersWereAtWork(t *testing.T) {
	r := testReport()
	for busy, want := range map[float64]bool{0.1: false, 1.5: true} {
		r.Rounds[nginxPath][1].ElsewhereBusy = busy
		var out bytes.Buffer
		if err := r.write(&out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "1.50 cores busy"); got != want {
			t.Errorf("%v cores: said so: %t", busy, got)
		}
	}
}

func TestTableWithoutNginx(t *testing.T) {
	r := testReport()
	delete(r.Rounds, nginxPath)
	r.summarize()
	var out bytes.Buffer
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), nginxPath) || !strings.Contains(out.String(), relayPath) {
		t.Errorf("got:\n%s", out.String())
	}
}

func TestVerdict(t *testing.T) {
	r := testReport()
	if err := r.verdict(); err != nil {
		t.Errorf("got %v of a good run", err)
	}
	r.Rounds[relayPath][1].Lost = 3
	r.Rounds[nginxPath][0].Measured = 0
	err := r.verdict()
	for _, want := range []string{"relay, round 2: 3 frames were lost", "nginx, round 1: no frame"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestSaveIsWhatWasMeasured(t *testing.T) {
	r := testReport()
	r.summarize()
	file := filepath.Join(t.TempDir(), "result.json")
	if err := r.save(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if *got.Rounds[relayPath][1] != *r.Rounds[relayPath][1] || *got.Memory[relayPath] != *r.Memory[relayPath] || got.Conditions != r.Conditions {
		t.Errorf("got %s", data)
	}
	for name, want := range map[string]float64{"latency p50": 1.25, "CPU a frame": 2.75} {
		for _, f := range got.Figures {
			if f.Name == name && f.Ratio.Median != want {
				t.Errorf("%s: got the ratio %v, want %v", name, f.Ratio.Median, want)
			}
		}
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 1.234: "1.23", 12.34: "12.3", 1234.5: "1234", -0.5: "-0.50"} {
		if got := short(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}
