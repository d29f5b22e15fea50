package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
)

// conditions are what the figures hold for.
type conditions struct {
	Cores       int     `json:"cores"`
	Pinned      bool    `json:"pinned"` // the proxy has one core, vendor and clients the others
	Go          string  `json:"go"`
	Platform    string  `json:"platform"`
	Kernel      string  `json:"kernel"`
	When        string  `json:"when"`
	Generations int     `json:"generations"`
	FrameBytes  int     `json:"frame_bytes"` // of a vendor's message, about
	Duration    float64 `json:"measured_seconds"`
	Rounds      int     `json:"rounds"`
}

func (b *bench) conditions() conditions {
	return conditions{
		Cores:       len(b.cores.proxy) + len(b.cores.harness),
		Pinned:      b.cores.proxy != nil,
		Go:          runtime.Version(),
		Platform:    runtime.GOOS + "/" + runtime.GOARCH,
		Kernel:      kernel(),
		When:        time.Now().UTC().Format(time.RFC3339),
		Generations: b.settings.generations,
		FrameBytes:  len(newAudioFrame("1").stamp(mark{}, 0)) - headerBytes,
		Duration:    b.settings.duration.Seconds(),
		Rounds:      b.settings.rounds,
	}
}

// report is the result of a run.
type report struct {
	Conditions conditions          `json:"conditions"`
	Figures    []figure            `json:"figures"`
	Rounds     map[string][]*round `json:"rounds"` // by path, in order
	Memory     map[string]*memory  `json:"memory"` // by path
}

// figure is one row of the table.
type figure struct {
	Name  string            `json:"name"`
	Unit  string            `json:"unit"`
	Paths map[string]spread `json:"paths"`
	Ratio *spread           `json:"relay_to_nginx,omitempty"` // of the rounds' own ratios
}

// reading takes one number out of a round.
type reading struct {
	name, unit string
	of         func(*round) float64
	compare    bool // relay with nginx
	proxied    bool // of paths with a proxy only
}

func readings() []reading {
	return []reading{
		{name: "latency p50", unit: "us", of: func(r *round) float64 { return r.Latency.P50 }, compare: true},
		{name: "latency p99", unit: "us", of: func(r *round) float64 { return r.Latency.P99 }, compare: true},
		{name: "CPU a frame", unit: "us", of: func(r *round) float64 { return r.CPUPerFrame }, compare: true, proxied: true},
		{name: "cancel p50", unit: "ms", of: func(r *round) float64 { return r.Cancel.P50 / 1000 }},
		{name: "cancel p99", unit: "ms", of: func(r *round) float64 { return r.Cancel.P99 / 1000 }},
		{name: "vendor late p50", unit: "us", of: func(r *round) float64 { return r.VendorLate.P50 }},
		{name: "vendor late p99", unit: "us", of: func(r *round) float64 { return r.VendorLate.P99 }},
		{name: "harness at work", unit: "cores", of: func(r *round) float64 { return r.HarnessCores }},
		{name: "others at work", unit: "cores", of: func(r *round) float64 { return r.ElsewhereBusy }},
	}
}

// paths are those that were measured, in the order of the table.
func (r *report) paths() []string {
	var names []string
	for _, name := range []string{directPath, nginxPath, relayPath} {
		if len(r.Rounds[name]) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// summarize makes figures of the rounds.
func (r *report) summarize() {
	r.Figures = nil
	for _, reading := range readings() {
		r.Figures = append(r.Figures, r.figure(reading))
	}
}

func (r *report) figure(q reading) figure {
	f := figure{Name: q.name, Unit: q.unit, Paths: make(map[string]spread)}
	for _, name := range r.paths() {
		if q.proxied && name == directPath {
			continue
		}
		f.Paths[name] = spreadOf(r.values(name, q))
	}
	if q.compare && len(r.Rounds[nginxPath]) > 0 {
		ratio := spreadOf(ratios(r.values(relayPath, q), r.values(nginxPath, q)))
		f.Ratio = &ratio
	}
	return f
}

// values are a path's, round by round.
func (r *report) values(path string, q reading) []float64 {
	values := make([]float64, 0, len(r.Rounds[path]))
	for _, round := range r.Rounds[path] {
		values = append(values, q.of(round))
	}
	return values
}

// verdict is an error where a frame was lost or nothing was measured.
func (r *report) verdict() error {
	var errs []error
	for _, path := range r.paths() {
		for i, round := range r.Rounds[path] {
			if round.Lost != 0 {
				errs = append(errs, fmt.Errorf("%s, round %d: %d frames were lost", path, i+1, round.Lost))
			}
			if round.Measured == 0 {
				errs = append(errs, fmt.Errorf("%s, round %d: no frame was measured", path, i+1))
			}
		}
	}
	return errors.Join(errs...)
}

// save writes the report as JSON.
func (r *report) save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
