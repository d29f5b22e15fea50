package usage

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// entered asks for a place on behalf of a key, and says whether it got one and how long that took.
func entered(p *places, key string) (leave func(), refused *protocol.Error, took time.Duration) {
	began := time.Now()
	leave, refused = p.enter(context.Background(), key)
	return leave, refused, time.Since(began)
}

func TestReportsOfAKeyAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces()
		first, _, _ := entered(p, "a")
		_, _, _ = entered(p, "a")
		_, refused, took := entered(p, "a")
		if refused == nil || refused.Code != protocol.CodeRateLimitExceeded || refused.RetryAfter == 0 || took != reportWait {
			t.Fatalf("a third report of a key: %v after %v", refused, took)
		}
		if _, refused, took := entered(p, "b"); refused != nil || took != 0 {
			t.Errorf("another key's report: %v after %v", refused, took)
		}
		time.AfterFunc(time.Second, first)
		if _, refused, took := entered(p, "a"); refused != nil || took != time.Second {
			t.Errorf("a report that waits for another's end: %v after %v", refused, took)
		}
	})
}

func TestReportsInAllAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces()
		var leaves []func()
		for i := range mostReports {
			leave, refused, _ := entered(p, fmt.Sprint("key", i))
			if refused != nil {
				t.Fatalf("report %d: %v", i, refused)
			}
			leaves = append(leaves, leave)
		}
		if _, refused, took := entered(p, "another"); refused == nil || took != reportWait {
			t.Errorf("one more report: %v after %v", refused, took)
		}
		for _, leave := range leaves {
			leave()
		}
		if leave, refused, _ := entered(p, "another"); refused != nil {
			t.Errorf("a report once the others are over: %v", refused)
		} else {
			leave()
		}
		if len(p.keys) != 0 {
			t.Errorf("%d keys are remembered that ask nothing", len(p.keys))
		}
	})
}

func TestWaitingReportsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces()
		var wg sync.WaitGroup
		defer wg.Wait()
		for range mostReportsOfKey + mostReportsWaiting {
			wg.Go(func() { _, _, _ = entered(p, "a") })
		}
		synctest.Wait()
		if _, refused, took := entered(p, "a"); refused == nil || took != 0 {
			t.Errorf("one report too many: %v after %v, want a refusal at once", refused, took)
		}
	})
}

// Half of the processors are speech's, however many reports there are.
func TestFewReportsReadAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, most := newPlaces(), max(1, runtime.GOMAXPROCS(0)/2)
		reading, peak := 0, 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range mostReports {
			wg.Go(func() {
				_ = p.read(context.Background(), func(context.Context) error {
					mu.Lock()
					reading++
					peak = max(peak, reading)
					mu.Unlock()
					time.Sleep(time.Millisecond)
					mu.Lock()
					reading--
					mu.Unlock()
					return nil
				})
			})
		}
		wg.Wait()
		if peak != min(most, mostReports) {
			t.Errorf("%d reports read at a time, want %d", peak, most)
		}
	})
}
