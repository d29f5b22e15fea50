package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/refusals"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// told are the failures that a key is told of.
type told struct {
	Since    time.Time
	Failures []struct {
		Kind         string
		RecordID     *string `json:"record_id"`
		GenerationID string  `json:"generation_id"`
		Tenant       string
		Code         *string
		Param        *string
		EndedAt      time.Time `json:"ended_at"`
		Attempts     []struct {
			Provider, Outcome, Code string
			UpstreamID              string    `json:"upstream_id"`
			StartedAt               time.Time `json:"started_at"`
			EndedAt                 time.Time `json:"ended_at"`
		}
	}
}

// failuresOf asks for the failures that a key may see.
func (r *rig) failuresOf(key, query string) (got told) {
	r.t.Helper()
	request, w := httptest.NewRequest(http.MethodGet, "http://localhost/v1/failures?"+query, nil), httptest.NewRecorder()
	bearer(request, key)
	r.http.Handler.ServeHTTP(w, request)
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		r.t.Fatalf("failures?%s: %d %s", query, w.Code, w.Body)
	}
	return got
}

// ids are the generations', in their order.
func (t told) ids() (ids []string) {
	for _, f := range t.Failures {
		ids = append(ids, f.GenerationID)
	}
	return ids
}

// A generation that was refused, failed or rerouted is found by whatever is known of it, with each attempt, its times and the
// vendor's id. A tenant sees its own only.
func TestFailuresAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, good := relaytest.NewFake(), relaytest.NewFake()
		bad.Refuse = &upstream.Error{Kind: upstream.UpstreamError, Message: "broken", RequestID: "req-1"}
		cfg := budgeted()
		for i := range cfg.Keys {
			cfg.Keys[i].Budget = limits.Budget{} // the fakes have no price
		}
		r := newRig(t, cfg, []string{"bad", "good"}, fakes{"bad": bad, "good": good})
		acme, bcorp := r.dial("?api_key=again"), r.dial("?api_key=free")
		acme.send(generate("rerouted", relaytest.TwelveWords, `,"context_id":"call-7","metadata":{"caller":"+1=2"}`))
		acme.until("done")
		acme.send(generate("refused", "Hello.", `,"voice":"nobody","metadata":{"caller":"x"}`))
		acme.until("error")
		good.Refuse = &upstream.Error{Kind: upstream.Throttled, Message: "too fast", RequestID: "req-2"}
		bcorp.send(generate("failed", relaytest.TwelveWords, ""))
		bcorp.until("done")
		good.Refuse = nil
		bad.Refuse = nil
		bcorp.send(generate("well", "Hello.", ""))
		bcorp.until("done")

		got := r.failuresOf("admin", "")
		if ids := got.ids(); !slices.Equal(ids, []string{"failed", "refused", "rerouted"}) {
			t.Fatalf("got %q", ids)
		}
		rerouted, refused, failed := got.Failures[2], got.Failures[1], got.Failures[0]
		if a := rerouted.Attempts; rerouted.Kind != "rerouted" || rerouted.RecordID == nil || len(a) != 2 || a[0].Outcome != "failed" ||
			a[0].Code != "upstream_error" || a[0].UpstreamID != "req-1" || a[0].EndedAt.IsZero() || a[1].Outcome != "completed" {
			t.Errorf("rerouted: %+v", rerouted)
		}
		if refused.Kind != "refused" || refused.RecordID != nil || *refused.Code != "unknown_voice" || *refused.Param != "voice" || refused.EndedAt.IsZero() {
			t.Errorf("refused: %+v", refused)
		}
		if failed.Kind != "failed" || *failed.Code != "upstream_failed" || len(failed.Attempts) != 2 || failed.Attempts[1].UpstreamID != "req-2" {
			t.Errorf("failed: %+v", failed)
		}
		for query, want := range map[string]string{
			"generation_id=rerouted": "rerouted", "record_id=" + *rerouted.RecordID: "rerouted", "context_id=call-7": "rerouted",
			"metadata=" + url.QueryEscape("caller=+1=2"): "rerouted", "metadata=caller%3Dy": "", "upstream_id=req-2": "failed",
			"provider=good&upstream_id=req-1": "", "provider=bad&upstream_id=req-1": "failed rerouted", "kind=refused": "refused",
			"tenant=bcorp": "failed", "limit=1": "failed",
		} {
			if got := strings.Join(r.failuresOf("admin", query).ids(), " "); got != want {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		if ids := r.failuresOf("bound", "").ids(); !slices.Equal(ids, []string{"refused", "rerouted"}) {
			t.Errorf("of a tenant: got %q", ids)
		}
	})
}

// A question that can't be answered names the parameter.
func TestFailuresNameTheFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, budgeted(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for query, param := range map[string]string{
			"kind=odd": "kind", "metadata=caller": "metadata", "metadata=%3Dx": "metadata", "limit=0": "limit", "from=2026-01-01": "from",
			"tenant=acme": "tenant", "kind=failed&kind=failed": "kind",
		} {
			request, w := httptest.NewRequest(http.MethodGet, "http://localhost/v1/failures?"+query, nil), httptest.NewRecorder()
			bearer(request, "free")
			r.http.Handler.ServeHTTP(w, request)
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"param":"`+param+`"`) {
				t.Errorf("%s: %d %s", query, w.Code, w.Body)
			}
		}
	})
}

// The latest are kept, and a tenant that fails all the time pushes out its own.
func TestFailuresAreBounded(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f := newFailures(start)
	all := func(*failure) bool { return true }
	add := func(tenant string, n int) {
		at := start.Add(time.Duration(n) * time.Second)
		f.refused(billing.Record{Tenant: tenant, GenerationID: fmt.Sprint(tenant, n), AdmittedAt: at, EndedAt: at}, &refusals.Error{})
	}
	add("quiet", 1)
	if _, since := f.latest(1, all); !since.Equal(start) {
		t.Errorf("nothing has gone, and yet they begin at %v", since)
	}
	for n := range 2 * mostFailures {
		add("loud", 10+n)
	}
	kept, since := f.latest(2*mostFailures, all)
	if len(kept) != mostFailures || kept[0].record.GenerationID != fmt.Sprint("loud", 9+2*mostFailures) {
		t.Errorf("%d are kept, and %s is the latest", len(kept), kept[0].record.GenerationID)
	}
	if quiet, _ := f.latest(10, (&failuresQuestion{tenant: "quiet"}).wants); len(quiet) != 1 {
		t.Errorf("%d of the quiet tenant are kept, want 1", len(quiet))
	}
	if want := start.Add(time.Duration(10+mostFailures) * time.Second); !since.Equal(want) {
		t.Errorf("none is lacking since %v, want %v", since, want)
	}
}
