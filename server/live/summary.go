package live

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"voicerelay/relay/metrics"
	"voicerelay/server/answer"
)

// summarize is how this relay does. full: with what is to be seen of it only while somebody looks.
func (f *Feed) summarize(now time.Time, full bool) *relaySummary {
	window := f.recent.Since(now.Add(-window), now)
	minute := f.recent.Since(now.Add(-time.Minute), now)
	s := &relaySummary{At: now, Status: f.relay.Status(), Recent: window.Counts, Callers: &window.Callers, Refusals: minute.Refusals}
	s.Relay = f.facts()
	if !full {
		return s
	}
	running := f.engine.Running(mostShown)
	for _, status := range running.Latest {
		s.Generations = append(s.Generations, entryOfGeneration(status, f.identity.Name))
	}
	refused := f.recent.LastHour(now).Tenants
	for _, name := range tenantNames(running.Tenants, refused) {
		s.Tenants = append(s.Tenants, tenantEntry{Name: name, Active: running.Tenants[name], Refusals: refused[name]})
	}
	return s
}

// tenantNames are those of whom there is something to show.
func tenantNames(active map[string]int, refused map[string]map[string]int) []string {
	all := make(map[string]bool)
	for name := range active {
		all[name] = true
	}
	for name := range refused {
		all[name] = true
	}
	names := slices.Sorted(maps.Keys(all))
	return names[:min(len(names), mostTenants)]
}

// facts are what this relay says of itself.
func (f *Feed) facts() Facts {
	facts := f.relay.Facts()
	facts.Host, facts.Version, facts.StartedAt = f.identity.Host, f.identity.Version, answer.Time(f.started)
	return facts
}

// sections are all that there is to see now.
func (f *Feed) sections(now time.Time) []section {
	own := f.summarize(now, true)
	all, relays := []*relaySummary{own}, []relayEntry{{Name: f.identity.Name, Status: own.Status, Facts: &own.Relay}}
	f.mu.Lock()
	others, today := f.others, f.today
	f.mu.Unlock()
	for _, o := range others {
		if o.summary != nil {
			all = append(all, o.summary)
		}
		relays = append(relays, entryOf(o))
	}
	sortRelays(relays)
	sections := []section{
		sectionOf("relay", f.identity.Name), sectionOf("now", nowOf(all)), sectionOf("relays", relays),
		sectionOf("tenants", tenantsOf(all)), sectionOf("generations", generationsOf(all)),
		sectionOf("providers", f.relay.Providers(f.recent.LastHour(now))),
	}
	return append(sections, sectionOf("today", today))
}

func sortRelays(relays []relayEntry) {
	slices.SortFunc(relays, func(a, b relayEntry) int { return cmp.Compare(a.Name, b.Name) })
}

// entryOf is another relay.
func entryOf(o peerSummary) relayEntry {
	if o.summary == nil {
		return relayEntry{Name: o.Name, Status: gone, SeenAt: answer.Time(o.SeenAt)}
	}
	return relayEntry{Name: o.Name, Status: o.summary.Status, Facts: &o.summary.Relay}
}

// nowOf is how all relays do together.
func nowOf(all []*relaySummary) totals {
	now := totals{WindowS: int(window / time.Second), Refusals: make(map[string]int)}
	var callers metrics.Spread
	for _, s := range all {
		now.Active += s.Relay.Active
		now.Connections += s.Relay.Connections
		now.Generations += s.Recent.Generations
		now.Failed += s.Recent.Failed
		now.Rerouted += s.Recent.Rerouted
		if s.Callers != nil {
			callers.Add(s.Callers)
		}
		for code, n := range s.Refusals {
			now.Refusals[code] += n
		}
	}
	now.FirstAudioMS = percentileOf(&callers)
	return now
}

// tenantsOf are the tenants of whom there is something to show, over all relays.
func tenantsOf(all []*relaySummary) []tenantEntry {
	byName := make(map[string]*tenantEntry)
	for _, s := range all {
		for _, t := range s.Tenants {
			sum := byName[t.Name]
			if sum == nil {
				sum = &tenantEntry{Name: t.Name, Refusals: make(map[string]int)}
				byName[t.Name] = sum
			}
			sum.Active += t.Active
			for code, n := range t.Refusals {
				sum.Refusals[code] += n
			}
		}
	}
	tenants := []tenantEntry{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		tenants = append(tenants, *byName[name])
	}
	return tenants
}

// generationsOf are those that began last, over all relays.
func generationsOf(all []*relaySummary) []generationEntry {
	generations := []generationEntry{}
	for _, s := range all {
		generations = append(generations, s.Generations...)
	}
	slices.SortStableFunc(generations, func(a, b generationEntry) int { return cmp.Compare(b.BeganAt, a.BeganAt) })
	return generations[:min(len(generations), mostShown)]
}
