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
	Cores      int     `json:"cores"`
	Pinned     bool    `json:"pinned"` // the proxy has one core, vendor and clients the others
	Go         string  `json:"go"`
	Platform   string  `json:"platform"`
	Kernel     string  `json:"kernel"`
	When       string  `json:"when"`
	FrameBytes int     `json:"frame_bytes"` // of a vendor's message, about
	Duration   float64 `json:"measured_seconds"`
	Rounds     int     `json:"rounds"`
}

func (b *bench) conditions() conditions {
	return conditions{
		Cores:      len(b.cores.proxy) + len(b.cores.harness),
		Pinned:     b.cores.proxy != nil,
		Go:         runtime.Version(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		Kernel:     kernel(),
		When:       time.Now().UTC().Format(time.RFC3339),
		FrameBytes: len(newAudioFrame("1").stamp(mark{}, 0)) - headerBytes,
		Duration:   b.settings.duration.Seconds(),
		Rounds:     b.settings.rounds,
	}
}

// report is the result of a run. What was not asked for is empty.
type report struct {
	Conditions  conditions               `json:"conditions"`
	Sections    []section                `json:"sections"` // of what follows
	Goals       []goal                   `json:"goals"`    // the same
	Levels      []*level                 `json:"levels"`
	Capacity    *capacity                `json:"capacity,omitempty"`
	Far         map[string][]float64     `json:"first_audio_ms"`      // by way
	Flat        map[string][]*flatRound  `json:"flat_out"`            // by path
	Ahead       map[string][]*aheadRound `json:"ahead"`               // by route
	Allocations []float64                `json:"allocations_a_frame"` // by round
	Memory      map[string]*memory       `json:"memory"`              // by path
}

// faults is an error where a frame was lost or nothing was measured.
func (r *report) faults() error {
	var errs []error
	for _, l := range r.Levels {
		for _, path := range allPaths {
			if why := l.Broke[path]; why != "" {
				errs = append(errs, fmt.Errorf("%d generations, %s: %s", l.Generations, path, why))
			}
			for i, round := range l.Rounds[path] {
				if round.Lost != 0 {
					errs = append(errs, fmt.Errorf("%d generations, %s, round %d: %d frames were lost", l.Generations, path, i+1, round.Lost))
				}
				if round.Measured == 0 {
					errs = append(errs, fmt.Errorf("%d generations, %s, round %d: no frame was measured", l.Generations, path, i+1))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// keep writes the files that are asked for.
func (r *report) keep(s *settings) error {
	var errs []error
	if s.json != "" {
		errs = append(errs, r.save(s.json))
	}
	if s.svg != "" {
		errs = append(errs, r.draw(s.svg))
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
