package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// spendFrom has a character cost 0.001 at each provider, and the tenant have so many characters a day.
func (r *rig) spendFrom(budgets limits.Budgets, characters int) {
	r.t.Helper()
	var list []billing.Price
	for _, p := range r.parts.Providers {
		list = append(list, billing.Price{Provider: p.Name, Model: "*", Unit: billing.Character, Amount: "0.001", Currency: "EUR"})
	}
	r.priceBy(list)
	r.budgets.Budgets = budgets
	r.setup().local.Budget = limits.Budget{Currency: "EUR", Daily: int64(characters) * 1000}
}

// priceBy puts a price list in force.
func (r *rig) priceBy(list []billing.Price) {
	r.t.Helper()
	prices, err := billing.NewPriceList(list)
	if err == nil {
		r.parts.Prices = prices
		_, err = r.srv.Reload(r.cfg, r.parts)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// spent is what is gone of the tenant's day, in characters: money that can't be reserved.
func (r *rig) spent() int {
	r.t.Helper()
	budget := r.setup().local.Budget
	for n := range int(budget.Daily/1000) + 1 {
		p, err := r.budgets.Open(context.Background(), limits.Expense{
			Owner: limits.Owner{Tenant: "local"}, RecordID: fmt.Sprint("probe", n), Budget: budget, Micros: budget.Daily - int64(n)*1000,
		})
		if err == nil {
			_ = p.Settle(context.Background(), nil)
			return n
		}
	}
	return int(budget.Daily / 1000)
}

// unbilled is a provider that charges by the price list.
func unbilled(pace time.Duration) *relaytest.FakeProvider {
	f := relaytest.NewFake()
	f.NoBill, f.Pace = true, pace
	return f
}

// Of many texts at once exactly those are spoken that can be paid, each to its end.
func TestFinalTextsArePaidWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const texts, paid = 40, 10
		vendor := unbilled(10 * time.Millisecond)
		r := newRig(t, Config{Local: Key{Limits: limits.Default()}}, []string{"alpha"}, fakes{"alpha": vendor})
		long := strings.Repeat(relaytest.TwelveWords+" ", 3) + "The end."
		r.spendFrom(limits.NewMemoryBudgets(nil), paid*len(long)+len(long)/2)
		completed, refused := 0, 0
		var group sync.WaitGroup
		var mu sync.Mutex
		for range texts / 10 {
			c := r.dial("")
			c.until("ready")
			for i := range 10 {
				c.send(generate(fmt.Sprint("g", i), long, ""))
			}
			group.Go(func() {
				for ended := 0; ended < 10; {
					e, err := c.read()
					if err != nil {
						t.Errorf("read: %v", err)
						return
					}
					mu.Lock()
					switch e.kind() {
					case "done":
						ended++
						completed++
						if e["reason"] != "completed" || e["spoken"].(map[string]any)["char"] != float64(len(long)) {
							t.Errorf("ended %v, spoken %v", e["reason"], e["spoken"])
						}
					case "error":
						ended++
						refused++
						if e["code"] != "quota_exceeded" || e["command"] != "generate" || e["status"] != 402.0 || e["retryable"] != false {
							t.Errorf("refused: %v", e)
						}
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if completed != paid || refused != texts-paid {
			t.Errorf("%d completed and %d were refused, want %d and %d", completed, refused, paid, texts-paid)
		}
		if got := r.spent(); got != paid*len(long) {
			t.Errorf("%d characters are spent, want %d", got, paid*len(long))
		}
	})
}

// Each refusal says what is left of the budget, and when the next period begins.
func TestRefusalSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight of January 1, 2000
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": unbilled(0)})
		r.spendFrom(limits.NewMemoryBudgets(nil), 20)
		time.Sleep(time.Hour)
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		refused, _ := c.until("error")
		const want = "the tenant's budget for the day has 0.020000 EUR of 0.020000 EUR left, which is too little, and begins anew at 2000-01-02T00:00:00Z"
		if refused["message"] != want || refused["retry_after_ms"] != float64((23*time.Hour).Milliseconds()) {
			t.Errorf("refused: %v", refused)
		}
		c.send(generate("g2", "", `,"final":false`))
		c.send(`{"type":"append","generation_id":"g2","text":"A b c. One two three four five six.","final":true}`)
		done, _ := c.until("done")
		failure := done["error"].(map[string]any)
		if failure["retry_after_ms"] != refused["retry_after_ms"] || failure["retryable"] != false ||
			failure["message"] != want {
			t.Errorf("failed: %v", failure)
		}
	})
}

const fiveSentences = "One two three. Four five six. Seven eight nine. Ten eleven twelve. All is said."

// Text that comes piece by piece is spoken to the end of the last sentence that can be paid. What is under way is heard
// to its end, and nothing is charged beyond it.
func TestAppendedTextEndsAtASentence(t *testing.T) {
	thirdEnds := strings.Index(fiveSentences, " Ten")
	for name, chunk := range map[string]int{"at once": math.MaxInt, "by characters": 1, "by words": 7, "by halves": 40} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := unbilled(20 * time.Millisecond)
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": vendor})
				r.spendFrom(limits.NewMemoryBudgets(nil), thirdEnds+5)
				c := r.dial("")
				c.send(generate("g1", "", `,"final":false`))
				for rest := fiveSentences; rest != ""; {
					n := min(chunk, len(rest))
					c.send(fmt.Sprintf(`{"type":"append","generation_id":"g1","text":%q}`, rest[:n]))
					rest = rest[n:]
					time.Sleep(30 * time.Millisecond)
				}
				c.send(`{"type":"finish","generation_id":"g1"}`)
				call := c.listenAll("g1")["g1"]
				failure, _ := call.done["error"].(map[string]any)
				if call.done["reason"] != "failed" || failure["code"] != "quota_exceeded" {
					t.Errorf("ended %v", call.done)
				}
				if left := "has 0.005000 EUR of"; chunk > 40 && !strings.Contains(failure["message"].(string), left) {
					t.Errorf("told %v, want that it %s", failure, left)
				}
				attempt := call.done["usage"].(map[string]any)["attempts"].([]any)[0].(map[string]any)
				if attempt["outcome"] != "cancelled" || attempt["cost"].(map[string]any)["estimated"] != nil {
					t.Errorf("the attempt: %v", attempt)
				}
				if got := strings.TrimSpace(vendor.Spoken()); got != fiveSentences[:thirdEnds] {
					t.Errorf("the vendor was given %q", got)
				}
				if call.heard != relaytest.Letters(fiveSentences[:thirdEnds]) {
					t.Errorf("heard %q", call.heard)
				}
				if spoken := call.done["spoken"].(map[string]any)["char"]; spoken != float64(thirdEnds) {
					t.Errorf("spoken to %v, want %d", spoken, thirdEnds)
				}
				if got := r.spent(); got != thirdEnds {
					t.Errorf("%d characters are spent, want %d", got, thirdEnds)
				}
			})
		})
	}
}

// What a vendor was given on the client's order can't be taken back: it is heard, and the text ends there.
func TestTextEndsAfterWhatWasFlushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := unbilled(20 * time.Millisecond)
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": vendor})
		r.spendFrom(limits.NewMemoryBudgets(nil), 20)
		c := r.dial("")
		c.send(generate("g1", "One. Two three", `,"final":false`))
		c.send(`{"type":"flush","generation_id":"g1"}`)
		time.Sleep(100 * time.Millisecond)
		c.send(`{"type":"append","generation_id":"g1","text":" four five six seven. Eight."}`)
		call := c.listenAll("g1")["g1"]
		if call.done["reason"] != "failed" || call.heard != relaytest.Letters("One. Two three") {
			t.Errorf("ended %v, heard %q", call.done["reason"], call.heard)
		}
	})
}

// slowBudgets take a while to answer, as a Redis does.
type slowBudgets struct {
	limits.Budgets
	takes time.Duration
}

func (b slowBudgets) Open(ctx context.Context, e limits.Expense) (limits.Reservation, error) {
	time.Sleep(b.takes)
	p, err := b.Budgets.Open(ctx, e)
	return slowReservation{p, b.takes}, err
}

type slowReservation struct {
	limits.Reservation
	takes time.Duration
}

func (p slowReservation) Reserve(ctx context.Context, micros int64) error {
	time.Sleep(p.takes)
	return p.Reservation.Reserve(ctx, micros)
}

// While text is paid the reader goes on: pings are answered, and what is said of the text keeps its order.
func TestPayingDelaysNoOtherCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := unbilled(time.Millisecond)
		cfg := Config{Local: Key{Limits: limits.Default()}}
		cfg.Local.Limits.MaxTextCharacters = 40
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": vendor})
		r.spendFrom(slowBudgets{limits.NewMemoryBudgets(nil), 50 * time.Millisecond}, 1000)
		c := r.dial("")
		c.until("ready")
		began := time.Now()
		c.send(generate("g1", "One ", `,"final":false`))
		c.send(`{"type":"append","generation_id":"g1","text":"two"}`) // before the reservation is open
		time.Sleep(60 * time.Millisecond)
		c.send(`{"type":"flush","generation_id":"g1"}`) // while it is paid
		c.send(`{"type":"append","generation_id":"g1","text":" three."}`)
		c.send(`{"type":"append","generation_id":"g1","text":" this is more than forty characters"}`)
		c.send(`{"type":"append","generation_id":"g1","text":" Four.","final":true}`)
		c.send(`{"type":"append","generation_id":"g1","text":" Five."}`)
		c.send(`{"type":"ping","id":"p"}`)
		_, before := c.until("pong")
		if took := time.Since(began); took != 60*time.Millisecond {
			t.Errorf("the ping was answered after %s", took)
		}
		if len(before) != 2 || before[0]["code"] != "text_too_long" || before[1]["code"] != "text_finished" {
			t.Errorf("before it came %v", before)
		}
		call := c.listenAll("g1")["g1"]
		if call.done["reason"] != "completed" || call.heard != relaytest.Letters("One two three. Four.") {
			t.Errorf("ended %v, heard %q", call.done, call.heard)
		}
		vendor.Mu.Lock()
		first := vendor.Pieces[0].Text
		vendor.Mu.Unlock()
		if first != "One two" {
			t.Errorf("the first piece is %q, want what was flushed", first)
		}
		if got := r.spent(); got != len("One two three. Four.") {
			t.Errorf("%d characters are spent", got)
		}
	})
}

// countedBudgets add up what is set aside.
type countedBudgets struct {
	limits.Budgets
	set *atomic.Int64
}

func (b countedBudgets) Open(ctx context.Context, e limits.Expense) (limits.Reservation, error) {
	b.set.Add(e.Micros)
	p, err := b.Budgets.Open(ctx, e)
	return countedReservation{p, b.set}, err
}

type countedReservation struct {
	limits.Reservation
	set *atomic.Int64
}

func (p countedReservation) Reserve(ctx context.Context, micros int64) error {
	p.set.Add(micros)
	return p.Reservation.Reserve(ctx, micros)
}

func (p countedReservation) Extend(ctx context.Context, micros int64) {
	p.set.Add(micros)
	p.Reservation.Extend(ctx, micros)
}

// A text has the same price however it comes, whatever is priced.
func TestPriceDoesNotDependOnHowTextComes(t *testing.T) {
	const said = `Dr. Ada paid $3.50 for it. "Why?" <spell>AB1</spell> she asked. It was 9 p.m. in the U.S. already, and nobody knew.`
	for _, unit := range billing.Units {
		price := billing.Price{Provider: "alpha", Model: "*", Unit: unit, Amount: "0.01", Currency: "EUR"}
		if unit == billing.Token {
			price.OutputAmount = "0.02"
		}
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": unbilled(time.Millisecond)})
			set := new(atomic.Int64)
			r.spendFrom(countedBudgets{limits.NewMemoryBudgets(nil), set}, 100_000)
			budget := r.setup().local.Budget
			r.priceBy([]billing.Price{price})
			r.setup().local.Budget = budget
			c := r.dial("")
			c.send(generate("whole", said, ""))
			c.listenAll("whole")
			whole := set.Swap(0)
			for _, chunk := range []int{1, 5, 17, 60} {
				id := fmt.Sprint("by", chunk)
				c.send(generate(id, "", `,"final":false`))
				for from := 0; from < len(said); from += chunk {
					c.send(fmt.Sprintf(`{"type":"append","generation_id":%q,"text":%q}`, id, said[from:min(from+chunk, len(said))]))
					time.Sleep(time.Millisecond)
				}
				c.send(fmt.Sprintf(`{"type":"finish","generation_id":%q}`, id))
				c.listenAll(id)
				if got := set.Swap(0); got != whole || whole == 0 {
					t.Errorf("by %s, %d characters at a time: %d set aside, at once %d", unit, chunk, got, whole)
				}
			}
		})
	}
}

// A generation that is cancelled while its money is looked for is cancelled, not at fault.
func TestCancelWhileBudgetIsLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": unbilled(time.Second)})
		r.spendFrom(limits.NewMemoryBudgets(func(ctx context.Context, _ limits.Owner, _ string, _ time.Time) (int64, error) {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(20 * time.Millisecond):
				return 0, nil
			}
		}), 1000)
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.send(`{"type":"cancel","generation_id":"g1"}`)
		done, before := c.until("done")
		if done["reason"] != "cancelled" || kindsOf(before) != "ready accepted" {
			t.Errorf("ended %v after %s", done, kindsOf(before))
		}
		if got := r.spent(); got != 0 {
			t.Errorf("%d characters are spent by what never began", got)
		}
	})
}

// What is paid is spoken, also where a takeover costs more: that is taken from the budget though it passes it.
func TestPaidTextSurvivesATakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := unbilled(10*time.Millisecond), unbilled(10*time.Millisecond)
		first.FailAt, first.Failure = 20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		r.spendFrom(limits.NewMemoryBudgets(nil), len(relaytest.TwelveWords))
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		call := c.listenAll("g1")["g1"]
		if call.done["reason"] != "completed" || len(call.reroutes) != 1 {
			t.Errorf("ended %v with %d takeovers", call.done, len(call.reroutes))
		}
		c.send(generate("g2", "Hi.", ""))
		if refused, _ := c.until("error"); !strings.Contains(refused["message"].(string), "has 0.000000 EUR of") {
			t.Errorf("refused: %v", refused)
		}
	})
}

// What was set aside for a generation that is refused after all is free again.
func TestRefusedGenerationReleasesItsReservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": unbilled(time.Second)})
		r.spendFrom(limits.NewMemoryBudgets(nil), 1000)
		r.ledger.Ledger = &fakeLedger{refuse: errors.New("disk full")}
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		if refused, _ := c.until("error"); refused["code"] != "ledger_unavailable" {
			t.Errorf("refused: %v", refused)
		}
		synctest.Wait()
		if got := r.spent(); got > len(relaytest.TwelveWords) || got%len(relaytest.TwelveWords) != 0 {
			t.Errorf("%d characters are spent, want none, or those that the vendor was given already", got)
		}
	})
}
