package limits_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"voicerelay/limits"
)

// move is a step of a random history.
type move struct {
	kind   string
	key    string // of an admission
	heard  bool   // of a settlement
	nth    int    // which of the open ones is settled, or reserves
	micros int64
	pause  time.Duration
}

func drawMove(r *rapid.T) move {
	return move{
		kind:   rapid.SampledFrom([]string{"admit", "settle", "open", "reserve", "spend", "pause"}).Draw(r, "kind"),
		key:    rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(r, "key"),
		heard:  rapid.Bool().Draw(r, "heard"),
		nth:    rapid.IntRange(0, 5).Draw(r, "nth"),
		micros: rapid.Int64Range(0, 40).Draw(r, "micros"),
		pause:  time.Duration(rapid.IntRange(1, 40*60_000).Draw(r, "pause")) * time.Millisecond,
	}
}

// history plays moves on one store, and notes each verdict.
type history struct {
	store        limits.Store
	budgets      limits.Budgets
	grants       []limits.Grant
	reservations []limits.Reservation
	verdicts     []string
}

func (h *history) play(t *testing.T, i int, m move) {
	record := fmt.Sprint("rec-", i)
	verdict := "nothing to do"
	switch {
	case m.kind == "admit":
		grant, err := h.store.Admit(t.Context(), limits.Admission{
			Tenant: "acme", RecordID: record, GenerationID: fmt.Sprint("gen-", i), IdempotencyKey: m.key, Window: time.Hour,
			Limits: limits.Tenant{GenerationsPerMinute: 3, MaxConcurrentGenerations: 3},
		})
		verdict = admissionVerdict(err)
		if err == nil {
			h.grants = append(h.grants, grant)
		}
	case m.kind == "settle" && m.nth < len(h.grants):
		verdict = fmt.Sprint(h.grants[m.nth].Settle(t.Context(), limits.Completed, m.heard))
		h.grants = append(h.grants[:m.nth], h.grants[m.nth+1:]...)
	case m.kind == "open":
		reservation, err := h.budgets.Open(t.Context(), limits.Expense{
			Owner: limits.Owner{Tenant: "acme"}, RecordID: record, Budget: limits.Budget{Currency: "EUR", Daily: 100, Monthly: 150},
		})
		verdict = fmt.Sprint(err)
		if err == nil {
			h.reservations = append(h.reservations, reservation)
		}
	case m.kind == "reserve" && m.nth < len(h.reservations):
		verdict = fmt.Sprint(h.reservations[m.nth].Reserve(t.Context(), m.micros))
	case m.kind == "spend" && m.nth < len(h.reservations):
		verdict = fmt.Sprint(h.reservations[m.nth].Settle(t.Context(), limits.Spent{"EUR": m.micros}))
		h.reservations = append(h.reservations[:m.nth], h.reservations[m.nth+1:]...)
	}
	h.verdicts = append(h.verdicts, fmt.Sprintf("%+v: %s", m, verdict))
}

// admissionVerdict is a refusal with all that it says. Two buckets of a rate may differ by a rounding.
func admissionVerdict(err error) string {
	var duplicate *limits.DuplicateError
	var rate *limits.RateError
	switch {
	case errors.As(err, &duplicate):
		return fmt.Sprintf("duplicate of %+v", duplicate.First)
	case errors.As(err, &rate):
		return "rate, for " + rate.RetryAfter.Round(10*time.Millisecond).String()
	}
	return fmt.Sprint(err)
}

// Whatever happens, and however time passes, Redis decides as memory does.
func TestRedisDecidesAsMemoryDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		moves := rapid.SliceOfN(rapid.Custom(drawMove), 1, 80).Draw(r, "moves")
		fault := "" // carried out of the bubble, since rapid unwinds by panics
		synctest.Test(t, func(t *testing.T) { fault = disagreement(t, moves) })
		if fault != "" {
			r.Fatal(fault)
		}
	})
}

func disagreement(t *testing.T, moves []move) string {
	mini := miniredis.NewMiniRedis()
	mini.ClockTTL(true)
	defer mini.Close()
	store := newRedis(t, limits.RedisConfig{Lease: time.Hour}, miniClient(t, mini))
	shared := &history{store: store, budgets: store}
	alone := &history{store: limits.NewMemory(), budgets: limits.NewMemoryBudgets(nil)}
	for i, m := range moves {
		if m.kind == "pause" {
			time.Sleep(m.pause)
			continue
		}
		shared.play(t, i, m)
		alone.play(t, i, m)
		last := len(alone.verdicts) - 1
		if shared.verdicts[last] != alone.verdicts[last] {
			return fmt.Sprintf("before: %s\nRedis: %s\nmemory: %s",
				strings.Join(alone.verdicts[:last], "\n"), shared.verdicts[last], alone.verdicts[last])
		}
	}
	return ""
}
