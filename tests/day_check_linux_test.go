package tests

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator/voice"
)

// checkCalls looks at what callers heard: no caller waited long for audio, and of what was spoken whole no word is missing, nor
// doubled where word times exist.
func (d *day) checkCalls() {
	d.t.Helper()
	ends, mute := map[string]int{}, []int64{}
	most := dayMute + dayWakes*d.machine.Worst()
	for _, turn := range d.turns {
		ends[turn.Reason+" "+turn.Code]++
		poor := strings.HasSuffix(turn.Agent, "poor")
		if turn.Reason == "completed" {
			mute = append(mute, turn.MuteMS)
			if !turn.Cut {
				d.checkWords(turn)
			}
		}
		if failed := turn.Reason == "" || turn.Reason == "failed"; failed && !(poor && strings.Contains(turn.Code, "quota_exceeded")) {
			d.t.Errorf("%s: %q ended %s: %s", turn.Agent, turn.Text, turn.Reason, turn.Code)
		}
		if turn.MuteMS > most.Milliseconds() {
			d.t.Errorf("%s heard nothing for %d ms", turn.Agent, turn.MuteMS)
		}
	}
	slices.Sort(mute)
	d.t.Logf("%d turns: %v; longest silence of a turn: median %d ms, p99 %d ms, worst %d ms of %v", len(d.turns), ends,
		mute[len(mute)/2], mute[len(mute)*99/100], mute[len(mute)-1], most)
	if ends["completed "] < dayAgents || ends["cancelled "] == 0 {
		d.t.Error("too few turns were spoken, or none was interrupted")
	}
}

func (d *day) checkWords(turn dayTurn) {
	d.t.Helper()
	want := voice.Words(turn.Text)
	got, err := voice.Decode(format{"pcm_s16le", 24000}.samples(turn.sound(d.t)), 24000, slices.Concat(lexicon, want))
	if err != nil {
		d.t.Fatal(err)
	}
	// A word that was cut is said again whole. What was heard of it may be no word, or most of it.
	got = slices.DeleteFunc(got, func(w string) bool { return w == "?" })
	most := turn.Reroutes
	if turn.Untimed {
		most = 2 * turn.Reroutes
	}
	missing, doubled := compareWords(got, want)
	if missing > 0 || doubled > most {
		d.t.Errorf("%s heard %q of %q: %d missing, %d said twice, in %d takeovers (without word times %t)",
			turn.Agent, got, want, missing, doubled, turn.Reroutes, turn.Untimed)
	}
}

// compareWords counts what is missing of the wanted words, in their order, and what was heard besides.
func compareWords(got, want []string) (missing, besides int) {
	longest := make([][]int, len(got)+1)
	for i := range longest {
		longest[i] = make([]int, len(want)+1)
	}
	for i, g := range got {
		for k, w := range want {
			longest[i+1][k+1] = max(longest[i][k+1], longest[i+1][k])
			if strings.EqualFold(g, w) {
				longest[i+1][k+1] = longest[i][k] + 1
			}
		}
	}
	common := longest[len(got)][len(want)]
	return len(want) - common, len(got) - common
}

// checkMoney compares what agents were told, each generation's record, and the sums, to the millionth.
func (d *day) checkMoney() {
	d.t.Helper()
	for _, tenant := range []string{"acme", "poor"} {
		told, recorded := new(big.Rat), new(big.Rat)
		byID := map[string]dayTurn{}
		for _, turn := range d.turns {
			if strings.HasSuffix(turn.Agent, tenant) && turn.RecordID != "" {
				byID[turn.RecordID] = turn
				told.Add(told, d.sum(turn.Cost))
			}
		}
		eventually(d.t, "complete sums", func() bool { return d.relays[0].usage(d.t, proofKey(tenant), "group_by=tenant").Complete })
		records := d.relays[0].records(d.t, proofKey(tenant), "limit=1000")
		for _, r := range records {
			recorded.Add(recorded, d.sum(r.Cost))
			turn, known := byID[r.RecordID]
			if !known || r.Outcome != turn.Reason || d.sum(r.Cost).Cmp(d.sum(turn.Cost)) != 0 {
				d.t.Errorf("%s: record %+v, but its agent was told of %+v", tenant, r, turn)
			}
		}
		if len(records) != len(byID) || told.Cmp(recorded) != 0 {
			d.t.Errorf("%s: %d records of %s, agents were told of %d of %s", tenant, len(records), recorded.FloatString(6), len(byID), told.FloatString(6))
		}
		reported := new(big.Rat)
		for _, g := range d.relays[1].usage(d.t, proofKey(tenant), "group_by=tenant").Groups {
			for _, c := range g.Cost {
				reported.Add(reported, rat(d.t, c.Amount))
			}
		}
		if reported.Cmp(told) != 0 {
			d.t.Errorf("%s: reports say %s, agents were told %s", tenant, reported.FloatString(6), told.FloatString(6))
		}
		// What a takeover has said again, and what an attempt that failed has cost, comes on top: no text is broken off for it.
		if limit := rat(d.t, dayPoorMost); tenant == "poor" && (told.Cmp(limit) > 0 || told.Sign() == 0) {
			d.t.Errorf("the tenant with a budget of %s spent %s", dayPoor, told.FloatString(6))
		}
		d.t.Logf("%s: %d records, EUR %s", tenant, len(records), told.FloatString(6))
	}
}

// sum is a cost in EUR; what is not known is a fault here, since everything has a price.
func (d *day) sum(costs []cost) *big.Rat {
	d.t.Helper()
	total := new(big.Rat)
	for _, c := range costs {
		if c.Amount == nil || c.Currency == nil || *c.Currency != "EUR" {
			d.t.Errorf("a cost of %+v, want one in EUR", c)
			continue
		}
		total.Add(total, rat(d.t, *c.Amount))
	}
	return total
}

func rat(t *testing.T, amount string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		t.Fatal(errors.New("no amount: " + amount))
	}
	return r
}
