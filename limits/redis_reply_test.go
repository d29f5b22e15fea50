package limits

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// replyOf is what a client of Redis makes of an answer: strings, whole numbers, lists of them and nothing.
func replyOf(text string) ([]any, bool) {
	var list []any
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil, false
	}
	for i := range list {
		list[i] = asReply(list[i])
	}
	return list, true
}

func asReply(v any) any {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case []any:
		for i := range v {
			v[i] = asReply(v[i])
		}
		return v
	case string:
		return v
	default:
		return nil
	}
}

// Whatever scripts answer, or what stands in their place, is an admission, a refusal that can be told or an error.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		`["ok"]`, `["duplicate","g1","r1","running"]`, `["many"]`, `["rate",500]`, `["keys",1]`, `["rate",9e18]`, `["rate",-1]`, `["rate","x"]`,
		`["ok","2026-03-01",1,2,3,4]`, `["daily",7,"2026-03-01",1770000000000]`, `["monthly",7,"2026-03-01",1770000000000]`,
		`["monthly",7,""]`, `["monthly"]`, `["ok",1]`, `[]`, `[null,[null]]`, `[["sum","5","epoch","7"],["a"],["b","x"],[1,2]]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reply, ok := replyOf(text)
		if !ok {
			return
		}
		var tooFast *RateError
		if err := refusal(reply, Tenant{GenerationsPerMinute: 60}); errors.As(err, &tooFast) {
			if wait := tooFast.RetryAfter; wait < time.Millisecond || wait > longestWait {
				t.Errorf("%s: ask again after %v", text, wait)
			}
		}
		var spent *BudgetError
		if err := budgetRefusal(reply, Expense{Budget: Budget{Daily: 5, Monthly: 9, Currency: "EUR"}}); errors.As(err, &spent) {
			if spent.RetryAfter <= 0 || spent.Left < 0 || spent.Error() == "" {
				t.Errorf("%s: %+v", text, spent)
			}
		}
		budgets := &redisBudgets{local: NewMemoryBudgets(nil)}
		reservation := budgets.local.reservation(Expense{Owner: Owner{Tenant: "acme"}, Budget: Budget{Currency: "EUR"}}, word(reply, 1))
		budgets.learn(reservation, reply)
		for i := range len(reply) + 1 {
			for start := range knownOf(reply, i) {
				if _, err := json.Marshal(start); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	})
}
