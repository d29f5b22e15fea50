package tests

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// done checks a generation's end: section 3's rules 1, 2 and 6, and "usage and timing".
func (g *utterance) done(m message) error {
	wasStarted := g.state == started
	g.state = ended
	if m.RecordID != g.record {
		return fmt.Errorf("record_id %q, accepted as %q", m.RecordID, g.record)
	}
	if (m.Error != nil) != (m.Reason == "failed") {
		return fmt.Errorf("reason %s with error %v", m.Reason, m.Error)
	}
	if m.Error != nil {
		if err := m.Error.check(true); err != nil {
			return err
		}
	}
	// A cancel may come between the two: it stops audio at once.
	if wasStarted && g.samples == 0 && m.Reason != "cancelled" {
		return errors.New("started, and no audio followed")
	}
	return errors.Join(g.checkSpoken(*m.Spoken), g.checkUsage(m), g.checkTiming(*m.Timing))
}

func (g *utterance) checkUsage(m message) error {
	u := m.Usage
	if u.AudioMS != g.audioMS() {
		return fmt.Errorf("usage says %d ms of audio, %d ms were sent", u.AudioMS, g.audioMS())
	}
	whole := m.Reason == "completed" && g.finished && g.appendsRefused == 0
	if u.Characters > len(g.text) || whole && u.Characters != len(g.text) {
		return fmt.Errorf("usage says %d characters, %d were sent", u.Characters, len(g.text))
	}
	for _, a := range u.Attempts {
		if err := checkAttempt(a); err != nil {
			return err
		}
	}
	if err := g.checkHeard(m); err != nil {
		return err
	}
	return checkSums(u)
}

// checkHeard holds the attempts against what was heard: the last provider's attempt must be there, and where the
// generation completed it must have done so.
func (g *utterance) checkHeard(m message) error {
	if g.samples == 0 {
		return nil
	}
	for _, a := range slices.Backward(m.Usage.Attempts) {
		if a.Provider != g.provider || !slices.Contains(outcomesHeard, a.Outcome) {
			continue
		}
		// Where the relay itself ends a generation, that is no vendor's failure; and a vendor that is faster than real
		// time may have completed what the client cancels.
		ours := m.Reason == "failed" && a.Outcome == "cancelled" &&
			slices.Contains([]string{"draining", "internal", "quota_exceeded"}, m.Error.Code)
		late := m.Reason == "cancelled" && a.Outcome == "completed"
		// A fault after the last word leaves nothing for another to say.
		whole := m.Reason == "completed" && a.Outcome == "failed" && m.Spoken.Char == len(g.text)
		if m.Reason != a.Outcome && !ours && !late && !whole {
			return fmt.Errorf("reason %s, but the last attempt at %s %s", m.Reason, a.Provider, a.Outcome)
		}
		return nil
	}
	return fmt.Errorf("%s was heard, but no attempt says so", g.provider)
}

func (g *utterance) checkTiming(t timing) error {
	silent := g.samples == 0
	if (t.FirstAudioMS == nil) != silent || (t.RTF == nil) != silent {
		return fmt.Errorf("timing with first_audio_ms %v and rtf %v after %d samples", t.FirstAudioMS, t.RTF, g.samples)
	}
	if silent {
		return nil
	}
	if *t.FirstAudioMS > t.TotalMS {
		return fmt.Errorf("first audio after %d ms of %d ms", *t.FirstAudioMS, t.TotalMS)
	}
	// The relay may divide before it rounds either down to milliseconds: allow for one of each.
	audio := float64(g.samples) * 1000 / float64(g.output.Rate)
	low, high := float64(t.TotalMS)/audio-0.0011, float64(t.TotalMS+1)/max(audio-1, 1)+0.0011
	if *t.RTF < low || *t.RTF > high {
		return fmt.Errorf("rtf %v for %d ms over %.1f ms of audio", *t.RTF, t.TotalMS, audio)
	}
	if thousandths := *t.RTF * 1000; math.Abs(thousandths-math.Round(thousandths)) > 1e-6 {
		return fmt.Errorf("rtf %v has more than three decimals", *t.RTF)
	}
	return nil
}

func (c cost) check() error {
	unavailable := c.Source == "unavailable"
	if (c.Amount == nil) != unavailable || (c.Currency == nil) != unavailable {
		return fmt.Errorf("cost of source %s with amount %v and currency %v", c.Source, c.Amount, c.Currency)
	}
	return nil
}

// checkSums holds the top-level costs against those of the attempts: a sum per currency, and an unavailable entry if
// any attempt is.
func checkSums(u *usage) error {
	want, got := map[string]*big.Rat{}, map[string]*big.Rat{}
	sources := map[string][]string{}
	for _, a := range u.Attempts {
		add(want, a.Cost)
		key := a.Cost.key()
		sources[key] = append(sources[key], a.Cost.Source)
	}
	for _, c := range u.Cost {
		if err := c.check(); err != nil {
			return err
		}
		key := c.key()
		if got[key] != nil {
			return fmt.Errorf("two cost entries for %s", key)
		}
		add(got, c)
		if s := sources[key]; len(s) == 0 || c.Source != sourceOf(s) {
			return fmt.Errorf("cost in %s of source %s, the attempts' are %q", key, c.Source, s)
		}
	}
	for key, sum := range want {
		if got[key] == nil || got[key].Cmp(sum) != 0 {
			return fmt.Errorf("cost in %s is %v, the attempts' sum is %v", key, got[key], sum)
		}
	}
	return nil
}

func (c cost) key() string {
	if c.Currency == nil {
		return "unavailable"
	}
	return *c.Currency
}

func add(sums map[string]*big.Rat, c cost) {
	if sums[c.key()] == nil {
		sums[c.key()] = new(big.Rat)
	}
	if c.Amount == nil {
		return
	}
	if r, ok := new(big.Rat).SetString(*c.Amount); ok {
		sums[c.key()].Add(sums[c.key()], r)
	}
}

func sourceOf(sources []string) string {
	for _, s := range sources {
		if s != sources[0] {
			return "mixed"
		}
	}
	return sources[0]
}

// Outcomes of attempts that a client has heard, where one of them was.
var outcomesHeard = []string{"completed", "cancelled", "failed", "superseded", "interrupted"}

// checkAttempt holds one attempt against rule 7 and section 3's meaning of outcomes.
func checkAttempt(a attempt) error {
	switch {
	case (a.Outcome == "failed") != (a.Code != ""):
		return fmt.Errorf("attempt at %s: outcome %s with code %q", a.Provider, a.Outcome, a.Code)
	case a.Code != "" && !slices.Contains(attemptCodes, a.Code):
		return fmt.Errorf("attempt at %s: unknown code %q", a.Provider, a.Code)
	case a.Code != "" && a.Message == "":
		return fmt.Errorf("attempt at %s: no message with code %q", a.Provider, a.Code)
	case a.Outcome == "hedged" && a.AudioMS > 0 && a.Requests == 0:
		return fmt.Errorf("attempt at %s: audio of no request", a.Provider)
	}
	return a.Cost.check()
}
