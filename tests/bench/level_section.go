package main

import (
	"fmt"
	"time"
)

// section is all that a level's rounds showed.
func (l *level) section() section {
	all := l.Rounds
	proxied := map[string][]*round{nginxPath: all[nginxPath], relayPath: all[relayPath]}
	return section{
		Title:   l.title(),
		Columns: present(allPaths, all),
		Figures: []figure{
			compared("latency p50", "us", all, func(r *round) float64 { return r.Latency.P50 }),
			compared("latency p99", "us", all, func(r *round) float64 { return r.Latency.P99 }),
			compared("CPU a frame", "us", proxied, func(r *round) float64 { return r.CPUPerFrame }),
			compared("CPU an hour of audio", "s", proxied, (*round).cpuPerHour),
			tabulate("proxy at work", "cores", proxied, func(r *round) float64 { return r.ProxyCores }),
			tabulate("cancel p50", "ms", all, func(r *round) float64 { return r.Cancel.P50 / 1000 }),
			tabulate("cancel p99", "ms", all, func(r *round) float64 { return r.Cancel.P99 / 1000 }),
			tabulate("vendor late p50", "us", all, func(r *round) float64 { return r.VendorLate.P50 }),
			tabulate("vendor late p99", "us", all, func(r *round) float64 { return r.VendorLate.P99 }),
			tabulate("harness at work", "cores", all, func(r *round) float64 { return r.HarnessCores }),
			tabulate("others at work", "cores", all, func(r *round) float64 { return r.ElsewhereBusy }),
			tabulate("frames measured", "", all, func(r *round) float64 { return float64(r.Measured) }),
			tabulate("frames lost", "", all, func(r *round) float64 { return float64(r.Lost) }),
		},
		Notes: l.notes(),
	}
}

// framesAnHour is an hour of audio.
const framesAnHour = int(time.Hour / frameEvery)

// cpuPerHour is in seconds.
func (r *round) cpuPerHour() float64 {
	return r.CPUPerFrame * float64(framesAnHour) / 1e6
}

// disturbed is how many cores' work by others makes tails unreliable.
const disturbed = 0.2

// notes say where something else than a proxy was what limited.
func (l *level) notes() (notes []string) {
	for _, path := range allPaths {
		if why := l.Broke[path]; why != "" {
			notes = append(notes, path+" broke: "+why)
		}
	}
	most := 0.0
	for _, path := range present(allPaths, l.Rounds) {
		late := 0
		for _, r := range l.Rounds[path] {
			most = max(most, r.ElsewhereBusy)
			if r.HarnessLate {
				late++
			}
		}
		if late > 0 {
			notes = append(notes, fmt.Sprintf("%s: in %d of %d rounds vendor and clients were late themselves; the latency there is their limit",
				path, late, len(l.Rounds[path])))
		}
	}
	if most > disturbed {
		notes = append(notes, fmt.Sprintf("other processes kept up to %s cores busy: high percentiles and their ratios say little", short(most)))
	}
	return notes
}

// growth is how cost and latency go with the number of generations.
func (r *report) growth() (section, bool) {
	s := section{Title: "By the number of generations", Columns: allPaths}
	for _, l := range r.Levels {
		all := l.Rounds
		proxied := map[string][]*round{nginxPath: all[nginxPath], relayPath: all[relayPath]}
		at := fmt.Sprintf("%d: ", l.Generations)
		if l.Idle > 0 {
			at = fmt.Sprintf("%d, and %d idle connections: ", l.Generations, l.Idle)
		}
		s.Figures = append(s.Figures,
			compared(at+"CPU a frame", "us", proxied, func(r *round) float64 { return r.CPUPerFrame }),
			compared(at+"latency p50", "us", all, func(r *round) float64 { return r.Latency.P50 }),
			compared(at+"latency p99", "us", all, func(r *round) float64 { return r.Latency.P99 }))
		for _, note := range l.notes() {
			s.Notes = append(s.Notes, at+note)
		}
	}
	return s, len(r.Levels) > 1
}
