package live

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/relay"
	"voicerelay/relay/metrics"
	"voicerelay/relay/running"
)

// quiet is a relay on which nothing happens.
type quiet struct{}

func (quiet) Status() string { return "ready" }

func (quiet) Facts() Facts { return Facts{OpenCircuits: []string{}} }

func (quiet) Providers(metrics.Sum) any { return []string{} }

func (quiet) IsAdmin(*access.Key) bool                                                { return true }
func (quiet) Refuse(http.ResponseWriter, *http.Request, *access.Key, *protocol.Error) {}
func (quiet) RunningCount() int                                                       { return 0 }
func (quiet) Running(int) running.Summary                                             { return running.Summary{} }

func (quiet) Stop(string, *relay.StopCause) bool { return false }

func newQuiet() *Feed {
	return New(Parts{Relay: quiet{}, Engine: quiet{}, Recent: metrics.New(prometheus.NewRegistry()).Recent(), Reports: noReports{}})
}

// So many may watch at a time; one that leaves makes room.
func TestWatchersAreBounded(t *testing.T) {
	f := newQuiet()
	var last *watcher
	for range mostWatchers {
		w, refused := f.join(time.Now())
		if refused != nil {
			t.Fatal(refused)
		}
		last = w
	}
	if _, refused := f.join(time.Now()); refused == nil || refused.Code != "too_many_connections" {
		t.Errorf("one too many is refused with %v", refused)
	}
	f.leave(last)
	if _, refused := f.join(time.Now()); refused != nil {
		t.Errorf("after one has left: %v", refused)
	}
}

// A watcher that does not read is cut off, and the others are told on.
func TestSlowWatcherIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newQuiet()
		slow, _ := f.join(time.Now())
		quick, _ := f.join(time.Now())
		got := 0
		for i := range 2 * watcherLines {
			f.recent.TenantRefused("acme", "not_allowed") // a change each time
			f.tell(time.Now().Add(time.Duration(i)))
			got += len(quick.lines)
			for len(quick.lines) > 0 {
				<-quick.lines
			}
		}
		if got != 2*watcherLines+1 {
			t.Errorf("the quick one got %d lines", got)
		}
		n := 0
		for range slow.lines { // ends since it is closed
			n++
		}
		if n != watcherLines {
			t.Errorf("the slow one got %d lines before it was dropped", n)
		}
	})
}

// What ten watchers cost is no more than twice what one does, and a step less than a thousandth of its second.
func TestWatchersShareWhatTheyAreTold(t *testing.T) {
	f := newQuiet()
	cost := func(watchers int) time.Duration {
		var all []*watcher
		for range watchers {
			w, refused := f.join(time.Now())
			if refused != nil {
				t.Fatal(refused)
			}
			defer f.leave(w)
			all = append(all, w)
		}
		const steps = 100
		best := time.Hour
		for range 5 { // the least, since other programs take the processor too
			began := time.Now()
			for i := range steps {
				f.recent.TenantRefused("acme", "not_allowed") // a change each time
				f.step(t.Context(), time.Now().Add(time.Duration(i)*time.Second))
				for _, w := range all {
					for len(w.lines) > 0 {
						<-w.lines
					}
				}
			}
			best = min(best, time.Since(began)/steps)
		}
		if !f.watched() {
			t.Fatal("the watchers were dropped")
		}
		return best
	}
	one, ten := cost(1), cost(10)
	t.Logf("a step takes %v with one, %v with ten", one, ten)
	if one > time.Millisecond {
		t.Errorf("a step takes %v with one watcher", one)
	}
	if ten > 2*one+50*time.Microsecond {
		t.Errorf("a step takes %v with ten watchers, %v with one", ten, one)
	}
}

type noReports struct{}

func (noReports) Sums(_ context.Context, q billing.SumsQuery) (billing.Report, error) {
	return billing.Report{From: q.From, To: q.To}, nil
}
