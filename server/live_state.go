package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/relay/metrics"
	"voicerelay/routing"
)

// section is a part of what operators see, which is told as a whole where anything of it has changed.
type section struct {
	name string
	json []byte
}

// liveState is what those who watch were told last. Its live's mu guards it.
type liveState struct {
	sections []section
	points   time.Time // the last point that was told
	snapshot []byte    // all of it; nil: to be made
}

// takeLocked takes over what is to be seen now, and returns what was otherwise before, with the points that are new; nil: nothing.
func (s *liveState) takeLocked(sections []section, recent *metrics.Recent, now time.Time) []section {
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
func (s *liveState) snapshotLocked(recent *metrics.Recent, now time.Time) []byte {
	if s.snapshot == nil {
		var points []metrics.Point
		if !s.points.IsZero() {
			points = recent.Points(time.Time{}, s.points.Add(metrics.RecentStep))
		}
		s.snapshot = liveLine("snapshot", now, append(slices.Clone(s.sections), pointsSection(points)))
	}
	return s.snapshot
}

func pointsSection(points []metrics.Point) section {
	told := make([]livePoint, len(points))
	for i, p := range points {
		told[i] = livePointOf(p)
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
func (l *live) summarize(now time.Time, full bool) *relaySummary {
	window := l.srv.metrics.Recent().Since(now.Add(-liveWindow), now)
	minute := l.srv.metrics.Recent().Since(now.Add(-time.Minute), now)
	s := &relaySummary{At: now, Status: l.srv.status(), Recent: window.Counts, Callers: &window.Callers, Refusals: minute.Refusals}
	s.Relay = l.facts()
	if !full {
		return s
	}
	running := l.srv.engine.Running(mostLiveShown)
	for _, status := range running.Latest {
		s.Generations = append(s.Generations, liveGenerationOf(status, l.identity.Name))
	}
	refused := l.srv.metrics.Recent().LastHour(now).Tenants
	for _, name := range tenantNames(running.Tenants, refused) {
		s.Tenants = append(s.Tenants, liveTenant{Name: name, Active: running.Tenants[name], Refusals: refused[name]})
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
	return names[:min(len(names), mostLiveTenants)]
}

// status is what /readyz says, in a word.
func (srv *Server) status() string {
	switch {
	case srv.isLeaving():
		return statusDraining
	case srv.standing().Unrecorded:
		return string(protocol.CodeLedgerUnavailable)
	case srv.memory.pressure() >= scarce:
		return statusMemory
	}
	return statusReady
}

func (l *live) facts() relayFacts {
	standing := l.srv.standing()
	facts := relayFacts{
		Host: l.identity.Host, Version: l.identity.Version, StartedAt: wireTime(l.started),
		DegradedSince: optionalTime(standing.DegradedSince), Unshipped: standing.Unshipped,
		ClockOffsetMS: standing.ClockOffset.Milliseconds(), Active: l.srv.engine.RunningCount(),
		Connections: len(l.srv.current()), OpenCircuits: []string{},
	}
	set := l.srv.setup.Load()
	for _, p := range set.Providers() {
		for _, t := range set.TargetsOf(p.Name) {
			if set.State(t) == routing.Open {
				facts.OpenCircuits = append(facts.OpenCircuits, targetName(t))
			}
		}
	}
	return facts
}

func targetName(t routing.Target) string {
	if t.Model == "" {
		return t.Provider
	}
	return t.Provider + "/" + t.Model
}

// sections are all that there is to see now.
func (l *live) sections(now time.Time) []section {
	own := l.summarize(now, true)
	all, relays := []*relaySummary{own}, []relayEntry{{Name: l.identity.Name, Status: own.Status, relayFacts: &own.Relay}}
	l.mu.Lock()
	others, today := l.others, l.today
	l.mu.Unlock()
	for _, o := range others {
		if o.summary != nil {
			all = append(all, o.summary)
		}
		relays = append(relays, entryOf(o))
	}
	sortRelays(relays)
	sections := []section{
		sectionOf("relay", l.identity.Name), sectionOf("now", nowOf(all)), sectionOf("relays", relays),
		sectionOf("tenants", tenantsOf(all)), sectionOf("generations", generationsOf(all)),
		sectionOf("providers", l.srv.providerEntries(l.srv.metrics.Recent().LastHour(now))),
	}
	return append(sections, sectionOf("today", today))
}

func sortRelays(relays []relayEntry) {
	slices.SortFunc(relays, func(a, b relayEntry) int { return cmp.Compare(a.Name, b.Name) })
}

// entryOf is another relay.
func entryOf(o peerSummary) relayEntry {
	if o.summary == nil {
		return relayEntry{Name: o.Name, Status: statusGone, SeenAt: wireTime(o.SeenAt)}
	}
	return relayEntry{Name: o.Name, Status: o.summary.Status, relayFacts: &o.summary.Relay}
}

// nowOf is how all relays do together.
func nowOf(all []*relaySummary) liveNow {
	now := liveNow{WindowS: int(liveWindow / time.Second), Refusals: make(map[string]int)}
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
func tenantsOf(all []*relaySummary) []liveTenant {
	byName := make(map[string]*liveTenant)
	for _, s := range all {
		for _, t := range s.Tenants {
			sum := byName[t.Name]
			if sum == nil {
				sum = &liveTenant{Name: t.Name, Refusals: make(map[string]int)}
				byName[t.Name] = sum
			}
			sum.Active += t.Active
			for code, n := range t.Refusals {
				sum.Refusals[code] += n
			}
		}
	}
	tenants := []liveTenant{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		tenants = append(tenants, *byName[name])
	}
	return tenants
}

// generationsOf are those that began last, over all relays.
func generationsOf(all []*relaySummary) []liveGeneration {
	generations := []liveGeneration{}
	for _, s := range all {
		generations = append(generations, s.Generations...)
	}
	slices.SortStableFunc(generations, func(a, b liveGeneration) int { return cmp.Compare(b.BeganAt, a.BeganAt) })
	return generations[:min(len(generations), mostLiveShown)]
}

// askToday has what was used today be known, in a goroutine of its own, since it may take a while.
func (l *live) askToday(ctx context.Context, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending || now.Sub(l.askedSums) < todayEvery {
		return
	}
	l.pending, l.askedSums = true, now
	l.wg.Go(func() {
		today := l.usedToday(ctx, now)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pending = false
		if today != nil {
			l.today = today
		}
	})
}

// usedToday is what was used since midnight, UTC; nil: it can't be read now.
func (l *live) usedToday(ctx context.Context, now time.Time) *liveToday {
	ctx, cancel := context.WithTimeout(ctx, todayPatience)
	defer cancel()
	from, to := billing.Today(now)
	ask := func(by ...billing.Dimension) (billing.Report, error) {
		return l.srv.reports.Sums(ctx, billing.SumsQuery{From: from, To: to, GroupBy: by, MaxGroups: mostGroups})
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
	today := &liveToday{
		Since: wireTime(from), Complete: all.MissingSince.IsZero(), liveUsed: liveUsed{Cost: []sumCost{}},
		Tenants: make(map[string]liveUsed), Providers: make(map[string]liveUsed),
	}
	for _, g := range all.Groups {
		today.liveUsed = liveUsed{g.Generations, costsOf(g.Cost)}
	}
	for _, g := range tenants.Groups {
		today.Tenants[g.Tenant] = liveUsed{g.Generations, costsOf(g.Cost)}
	}
	for _, g := range providers.Groups {
		today.Providers[g.Provider] = liveUsed{g.Attempts, costsOf(g.Cost)}
	}
	return today
}
