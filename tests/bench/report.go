package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
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

// round is what one round on one path showed.
type round struct {
	Latency       quantiles `json:"latency"`
	Cancel        quantiles `json:"cancel"`
	VendorLate    quantiles `json:"vendor_late"`
	Frames        int       `json:"frames"`                // received in all
	Lost          int       `json:"lost"`                  // sent and never received
	Measured      int       `json:"measured"`              // of which latency and CPU were measured
	CPUPerFrame   float64   `json:"cpu_us_a_frame"`        // of the proxy alone; 0 on the direct path
	Allocations   float64   `json:"allocations_a_frame"`   // of the relay, where they were counted
	ProxyCores    float64   `json:"proxy_cores"`           // cores that the proxy kept busy
	HarnessCores  float64   `json:"harness_cores"`         // cores that vendor and clients kept busy
	HarnessLate   bool      `json:"harness_late"`          // it was they who limited
	ElsewhereBusy float64   `json:"other_processes_cores"` // cores that neither they nor the proxy did
}

// flatRound is how fast one path took all of it.
type flatRound struct {
	Frames     int     `json:"frames"`
	FrameRate  float64 `json:"frames_a_second"`
	Proxy      float64 `json:"proxy_cores"`
	Harness    float64 `json:"harness_cores"`
	Elsewhere  float64 `json:"other_processes_cores"`
	CPUPerHour float64 `json:"cpu_s_an_hour"`
}

// aheadRound is a round in which the vendor is ahead.
type aheadRound struct {
	round
	Begin  quantiles `json:"begin"`  // how long early frames took, which are not held back
	Held   quantiles `json:"held"`   // how long the later ones took, the deliberate wait and all
	Behind quantiles `json:"behind"` // how long a frame came after the vendor's latest write for it, which let it go
}

// level is one number of generations, and what its rounds showed on each path.
type level struct {
	Generations int                 `json:"generations"`
	Idle        int                 `json:"idle_connections"` // that are open at the same time
	Rounds      map[string][]*round `json:"rounds"`           // by path, in order
	Broke       map[string]string   `json:"broke"`            // by path: why it could not carry so many
}

// capacity is how many real-time generations the relay holds, and how that was found.
type capacity struct {
	Held  int            `json:"held"` // the most that were
	Over  int            `json:"over"` // the fewest above that were not; 0: none was found
	Why   string         `json:"why"`  // the search ended
	Steps []capacityStep `json:"steps"`

	limit outcome // at Over
}

// capacityStep is one number that was tried.
type capacityStep struct {
	Generations int     `json:"generations"`
	Outcome     outcome `json:"outcome"`
	P50         float64 `json:"p50_us"`
	P99         float64 `json:"p99_us"`
	VendorLate  float64 `json:"vendor_late_p99_us"`
	Proxy       float64 `json:"proxy_cores"`
	Harness     float64 `json:"harness_cores"`
	Elsewhere   float64 `json:"other_processes_cores"`
}

// outcome is what a step showed.
type outcome string

const (
	held       outcome = "held"
	relayLate  outcome = "the relay was late"
	harnessOut outcome = "the load generator was late" // this says nothing of the relay, as the next one
	othersOut  outcome = "other processes were at work"
	broke      outcome = "not everything was spoken"
)

// memory is what a proxy's process has in RAM. What the kernel holds for its sockets is not in it.
type memory struct {
	Base        float64 `json:"base_kb"` // once warm, with one connection
	Idle        float64 `json:"idle_kb"` // more for each idle connection
	IdleCount   int     `json:"idle_connections"`
	Active      float64 `json:"active_kb"` // more for each of them that has an utterance being spoken
	ActiveCount int     `json:"active_generations"`
}

// goal is a number to reach.
type goal struct {
	What     string  `json:"what"`
	Must     float64 `json:"must"`
	Aim      float64 `json:"aim"`
	AtLeast  bool    `json:"at_least"`           // more is better
	Level    int     `json:"level,omitempty"`    // of generations, at which it is measured
	Measured *spread `json:"measured,omitempty"` // nil: it was not
	Verdict  verdict `json:"verdict"`
}

// verdict is what becomes of a goal.
type verdict string

const (
	aimed    verdict = "aim met"
	met      verdict = "met"
	missed   verdict = "NOT MET"
	unproven verdict = "not measured"
	clouded  verdict = "not met, while others or the load generator were late"
	open     verdict = "at least; others or the load generator ended the search"
)

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

// save writes the report as JSON.
func (r *report) save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
