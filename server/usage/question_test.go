package usage

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"voicerelay/billing"
)

func on(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

// A question that is not refused has an answer that can be written.
func FuzzReportQuestion(f *testing.F) {
	for _, seed := range []string{
		"", "from=2026-03-01&to=2026-03-03&group_by=provider,day", "to=9999-12-31T23:59:59-14:00", "from=0001-01-01T00:00:00%2B14:00",
		"group_by=,", "group_by=tenant,key,day,route,outcome&format=csv", "limit=1000&record_id=a", "generation_id=%00", "format=json&format=csv",
		"cursor=" + pageCursor{from: on(1), to: on(2), inner: "a.b"}.String(), "cursor=" + pageCursor{inner: "x"}.String(), "%zz", "a;b", "limit=%2B1",
		"api_key=x&limit=0",
	} {
		f.Add(seed)
	}
	now := on(5)
	f.Fuzz(func(t *testing.T, query string) {
		if asked, refused := parseSumsQuestion(query, now); refused == nil {
			if err := asked.Validate(); err != nil || !billing.Writable(asked.From) || !billing.Writable(asked.To) || asked.MaxGroups == 0 {
				t.Errorf("%q asks for %+v: %v", query, asked.SumsQuery, err)
			}
			w := httptest.NewRecorder()
			writeReport(w, asked.SumsQuery, billing.Report{From: asked.From, To: asked.To, Groups: make([]billing.Group, 2)})
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q is answered %q", query, w.Body)
			}
		} else if refused.Message == "" {
			t.Errorf("%q is refused without a word", query)
		}
		asked, refused := parseRecordsQuestion(query, now)
		if refused != nil {
			return
		}
		if asked.Limit < 1 || asked.Limit > largestPage || !asked.To.IsZero() && !asked.From.Before(asked.To) {
			t.Errorf("%q asks for %+v", query, asked.RecordsQuery)
		}
		again, err := parsePageCursor(*asked.next("x"))
		if err != nil || again.from.UnixMilli() != asked.From.UnixMilli() && !asked.From.IsZero() {
			t.Errorf("%q goes on as %+v, %v", query, again, err)
		}
	})
}

func FuzzPageCursor(f *testing.F) {
	f.Add(pageCursor{from: on(1), to: on(2), inner: "x"}.String())
	f.Add(pageCursor{inner: "|"}.String())
	f.Add("fHx4")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parsePageCursor(text)
		if err != nil {
			if !errors.Is(err, billing.ErrCursor) {
				t.Errorf("%q: %v, want ErrCursor", text, err)
			}
			return
		}
		if again, err := parsePageCursor(c.String()); err != nil || again != c {
			t.Errorf("%q is %+v, and as text %+v, %v", text, c, again, err)
		}
	})
}
