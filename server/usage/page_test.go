package usage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/server/usage"
)

// manyReports has a number of records, whose cursors count them.
type manyReports struct {
	fakeReports
	records int
	largest int // page that was asked for
	failing int // after so many records a page is not to be had; 0: never
}

func (m *manyReports) Records(_ context.Context, q billing.RecordsQuery) (page billing.RecordPage, err error) {
	m.largest = max(m.largest, q.Limit)
	from, _ := strconv.Atoi(q.Cursor)
	if m.failing > 0 && from >= m.failing {
		return page, errors.New("disk on fire")
	}
	for i := from; i < m.records && len(page.Records) < q.Limit; i++ {
		page.Records = append(page.Records, billing.Record{ID: fmt.Sprint(i), Outcome: billing.Completed})
		page.NextCursor = fmt.Sprint(i + 1)
	}
	if len(page.Records) < q.Limit {
		page.NextCursor = ""
	}
	return page, nil
}

// A large page is read in parts, and is one page all the same.
func TestALargePageIsReadInParts(t *testing.T) {
	for _, c := range []struct{ records, limit, want, next int }{
		{5000, 1000, 1000, 1000}, {5000, 600, 600, 600}, {700, 1000, 700, 0}, {500, 1000, 500, 0}, {3, 1000, 3, 0}, {0, 1000, 0, 0}, {1000, 1000, 1000, 1000},
	} {
		reports := &manyReports{records: c.records}
		srv := reportingAll(t, reports)
		target := fmt.Sprintf("/v1/usage/records?limit=%d", c.limit)
		var page struct {
			Records []struct {
				ID string `json:"record_id"`
			}
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(ask(srv, "bot", target).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for i, r := range page.Records {
			if r.ID != fmt.Sprint(i) {
				t.Fatalf("%d of %d: record %d is %s", c.limit, c.records, i, r.ID)
			}
		}
		cursor := usage.CursorInner(page.Next)
		if len(page.Records) != c.want || c.next > 0 && cursor != fmt.Sprint(c.next) || c.next == 0 && page.Next != "" {
			t.Errorf("%d of %d: %d records, then %q", c.limit, c.records, len(page.Records), cursor)
		}
		if reports.largest > usage.PagePart {
			t.Errorf("%d of %d: %d records are read at a time", c.limit, c.records, reports.largest)
		}
		w := ask(srv, "bot", target+"&format=csv")
		if lines := strings.Count(w.Body.String(), "\n") - 1; lines != c.want || w.Header().Get("Next-Cursor") != page.Next {
			t.Errorf("%d of %d as CSV: %d lines, then %q", c.limit, c.records, lines, w.Header().Get("Next-Cursor"))
		}
	}
}

// What fails after its beginning is broken off, so that no client takes it for whole; before, it is refused.
func TestAPageThatFailsIsBrokenOff(t *testing.T) {
	server := httptest.NewServer(reportingAll(t, &manyReports{records: 5000, failing: 500}))
	defer server.Close()
	for _, format := range []string{"json", "csv"} {
		request, _ := http.NewRequest(http.MethodGet, server.URL+"/v1/usage/records?limit=1000&format="+format, nil)
		request.Header.Set("Authorization", "Bearer bot")
		response, err := server.Client().Do(request)
		if err != nil {
			continue // nothing had been sent
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err == nil {
			t.Errorf("%s: status %d and a body that ends well", format, response.StatusCode)
		}
		_ = response.Body.Close()
	}
}

func TestTooManyGroupsAreRefused(t *testing.T) {
	w := ask(reporting(t, &fakeReports{err: fmt.Errorf("read: %w", billing.ErrTooManyGroups)}), "bot", "/v1/usage?group_by=day")
	checkProblem(t, "too many groups", w, protocol.CodeInvalidRequest, "group_by")
}
