package live

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"voicerelay/billing"
	"voicerelay/relay/metrics"
	"voicerelay/server/answer"
)

// section is a part of what operators see, which is told as a whole where anything of it has changed.
type section struct {
	name string
	json []byte
}

// state is what those who watch were told last. Its feed's mu guards it.
type state struct {
	sections []section
	points   time.Time // the last point that was told
	snapshot []byte    // all of it; nil: to be made
}

// takeLocked takes over what is to be seen now, and returns what was otherwise before, with the points that are new; nil: nothing.
func (s *state) takeLocked(sections []section, recent *metrics.Recent, now time.Time) []section {
	var changes []section
	for i, sec := range sections {
		if i >= len(s.sections) || !bytes.Equal(sec.json, s.sections[i].json) {
			changes = append(changes, sec)
		}
	}
	points := recent.Points(s.points, now)
	if len(points) > 0 {
		changes = append(changes, pointsSection(points))
		s.points = points[len(points)-1].At
	}
	if changes != nil {
		s.sections, s.snapshot = sections, nil
	}
	return changes
}

// snapshotLocked is all that was told, from the beginning of the last hour on.
func (s *state) snapshotLocked(recent *metrics.Recent, now time.Time) []byte {
	if s.snapshot == nil {
		var points []metrics.Point
		if !s.points.IsZero() {
			points = recent.Points(time.Time{}, s.points.Add(metrics.RecentStep))
		}
		s.snapshot = lineOf("snapshot", now, append(slices.Clone(s.sections), pointsSection(points)))
	}
	return s.snapshot
}

func pointsSection(points []metrics.Point) section {
	told := make([]pointEntry, len(points))
	for i, p := range points {
		told[i] = entryOfPoint(p)
	}
	return sectionOf("points", told)
}

func sectionOf(name string, v any) section {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it has strings and numbers
	}
	return section{name, text}
}

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

// askToday has what was used today be known, in a goroutine of its own, since it may take a while.
func (f *Feed) askToday(ctx context.Context, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending || now.Sub(f.askedSums) < todayEvery {
		return
	}
	f.pending, f.askedSums = true, now
	f.wg.Go(func() {
		today := f.usedToday(ctx, now)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pending = false
		if today != nil {
			f.today = today
		}
	})
}

// usedToday is what was used since midnight, UTC; nil: it can't be read now.
func (f *Feed) usedToday(ctx context.Context, now time.Time) *todayEntry {
	ctx, cancel := context.WithTimeout(ctx, todayPatience)
	defer cancel()
	from, to := billing.Today(now)
	ask := func(by ...billing.Dimension) (billing.Report, error) {
		return f.reports.Sums(ctx, billing.SumsQuery{From: from, To: to, GroupBy: by, MaxGroups: mostGroups})
	}
	all, err := ask()
	if err != nil {
		return nil
	}
	tenants, err := ask(billing.ByTenant)
	if err != nil {
		return nil
	}
	providers, err := ask(billing.ByProvider)
	if err != nil {
		return nil
	}
	today := &todayEntry{
		Since: answer.Time(from), Complete: all.MissingSince.IsZero(), usedEntry: usedEntry{Cost: []answer.Cost{}},
		Tenants: make(map[string]usedEntry), Providers: make(map[string]usedEntry),
	}
	for _, g := range all.Groups {
		today.usedEntry = usedEntry{g.Generations, answer.Costs(g.Cost)}
	}
	for _, g := range tenants.Groups {
		today.Tenants[g.Tenant] = usedEntry{g.Generations, answer.Costs(g.Cost)}
	}
	for _, g := range providers.Groups {
		today.Providers[g.Provider] = usedEntry{g.Attempts, answer.Costs(g.Cost)}
	}
	return today
}
