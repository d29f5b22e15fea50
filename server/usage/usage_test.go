package usage_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/server"
	"voicerelay/server/usage"
)

// fakeReports answers what it was made with, and remembers what it was asked.
type fakeReports struct {
	report  billing.Report
	page    billing.RecordPage
	err     error
	sums    billing.SumsQuery
	records billing.RecordsQuery
}

func (f *fakeReports) Sums(_ context.Context, q billing.SumsQuery) (billing.Report, error) {
	f.sums = q
	return f.report, f.err
}

func (f *fakeReports) Records(_ context.Context, q billing.RecordsQuery) (billing.RecordPage, error) {
	f.records = q
	return f.page, f.err
}

// reporting is a server with two keys, bot of acme and the admin ops, whose reports are the fake's.
func reporting(t *testing.T, reports *fakeReports) http.Handler {
	t.Helper()
	return reportingAll(t, reports)
}

func reportingAll(t *testing.T, reports usage.Reports) http.Handler {
	t.Helper()
	srv, err := server.New(server.Config{Keys: []server.Key{
		{Name: "bot", Tenant: "acme", Hash: sha256.Sum256([]byte("bot")), Limits: limits.Default()},
		{Name: "ops", Tenant: "staff", Hash: sha256.Sum256([]byte("ops")), Admin: true, Limits: limits.Default()},
	}}, server.Parts{Store: limits.NewMemory(), Registry: prometheus.NewRegistry(), Log: zerolog.Nop(), Reports: reports})
	if err != nil {
		t.Fatal(err)
	}
	return srv.Handler()
}

func on(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

func ask(h http.Handler, key, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestUsageAsksForWhatTheQuerySays(t *testing.T) {
	today, tomorrow := billing.Today(time.Now())
	cases := map[string]billing.SumsQuery{
		"":                               {From: today, To: tomorrow},
		"?from=2026-03-01&to=2026-03-03": {From: on(1), To: on(3)},
		"?from=2026-03-01":               {From: on(1), To: tomorrow},
		"?from=2026-03-01T02:00:00%2B02:00&to=2026-03-01T00:00:01Z&api_key=": {From: on(1), To: on(1).Add(time.Second)},
		"?group_by=provider,day": {From: today, To: tomorrow, GroupBy: []billing.Dimension{"provider", "day"}},
		"?period=2026-02&tenant=acme&key=bot&outcome=failed&metadata=call%3D7%3D8": {
			From: on(1).AddDate(0, -1, 0), To: on(1), Tenant: "acme",
			Filter: billing.Filter{Key: "bot", Outcome: billing.Failed, Metadata: billing.Pair{Key: "call", Value: "7=8"}},
		},
		"?group_by=hour&provider=p&model=m&voice=v": {
			From: today, To: tomorrow, GroupBy: []billing.Dimension{"hour"}, Filter: billing.Filter{Provider: "p", Model: "m", Voice: "v"},
		},
		"?format=json&group_by=": {From: today, To: tomorrow},
	}
	for query, want := range cases {
		reports := &fakeReports{}
		want.MaxGroups = usage.MostGroups
		w := ask(reporting(t, reports), "ops", "/v1/usage"+query)
		if w.Code != http.StatusOK || !reflect.DeepEqual(reports.sums, want) {
			t.Errorf("%s: %d, asked for %+v, want %+v", query, w.Code, reports.sums, want)
		}
	}
}

func TestUsageRefusesByName(t *testing.T) {
	cases := []struct{ target, param string }{
		{"/v1/usage?from=yesterday", "from"},
		{"/v1/usage?to=", "to"},
		{"/v1/usage?to=9999-12-31T23:59:59-14:00", "to"},
		{"/v1/usage?from=0000-01-01", "from"},
		{"/v1/usage/records?to=9999-12-31T23:59:59-00:01", "to"},
		{"/v1/usage/records?cursor=" + usage.Cursor(time.Time{}, on(1).AddDate(9000, 0, 0), "x"), "cursor"},
		{"/v1/usage?from=2026-03-02&to=2026-03-02", "from"},
		{"/v1/usage?to=2026-03-02", "from"}, // today is later
		{"/v1/usage?group_by=week", "group_by"},
		{"/v1/usage?group_by=hour,day", "group_by"},
		{"/v1/usage?period=2026-13", "period"},
		{"/v1/usage?period=2026-11&from=2026-11-01", "period"},
		{"/v1/usage?outcome=odd", "outcome"},
		{"/v1/usage?provider=", "provider"},
		{"/v1/usage?route=r&model=m", "route"},
		{"/v1/usage/records?metadata=call", "metadata"},
		{"/v1/usage/records?tenant=other", "tenant"},
		{"/v1/usage?group_by=route,provider", "group_by"},
		{"/v1/usage?group_by=day,day", "group_by"},
		{"/v1/usage?format=xml", "format"},
		{"/v1/usage?tenant=other", "tenant"},
		{"/v1/usage?from=2026-03-02&from=2026-03-03", "from"},
		{"/v1/usage/records?limit=0", "limit"},
		{"/v1/usage/records?limit=1001", "limit"},
		{"/v1/usage/records?limit=ten", "limit"},
		{"/v1/usage/records?group_by=day", "group_by"},
		{"/v1/usage/records?cursor=nonsense", "cursor"},
		{"/v1/usage/records?cursor=" + usage.Cursor(time.Time{}, time.Time{}, ""), "cursor"},
		{"/v1/usage/records?from=2026-03-02&to=2026-03-01", "from"},
		{"/v1/usage/records?record_id=a&generation_id=b", "generation_id"},
		{"/v1/usage/records?from=x&record_id=a", "from"},
	}
	for _, c := range cases {
		w := ask(reporting(t, &fakeReports{}), "bot", c.target)
		checkProblem(t, c.target, w, protocol.CodeInvalidRequest, c.param)
	}
}

func checkProblem(t *testing.T, what string, w *httptest.ResponseRecorder, code protocol.Code, param string) {
	t.Helper()
	var body struct {
		Error struct {
			Code   protocol.Code
			Status int
			Param  string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v in %s", what, err, w.Body)
	}
	if got := body.Error; got.Code != code || got.Param != param || got.Status != code.Status() || w.Code != got.Status {
		t.Errorf("%s: %d %+v, want %s of %q", what, w.Code, got, code, param)
	}
}

func TestReportsThatCantBeMade(t *testing.T) {
	for err, code := range map[error]protocol.Code{
		billing.ErrCursor:                           protocol.CodeInvalidRequest,
		fmt.Errorf("read: %w", limits.ErrAway):      protocol.CodeLedgerUnavailable,
		errors.New("disk on fire at /var/lib/x.db"): protocol.CodeInternal,
	} {
		param := ""
		if code == protocol.CodeInvalidRequest {
			param = "cursor"
		}
		h := reporting(t, &fakeReports{err: err})
		for _, path := range []string{"/v1/usage", "/v1/usage/records"} {
			w := ask(h, "bot", path)
			checkProblem(t, path, w, code, param)
			if strings.Contains(w.Body.String(), "fire") {
				t.Errorf("%s tells a client of our insides: %s", path, w.Body)
			}
		}
	}
}

func TestAKeySeesItsOwnTenant(t *testing.T) {
	for key, want := range map[string]string{"bot": "acme", "ops": ""} {
		reports := &fakeReports{}
		h := reporting(t, reports)
		ask(h, key, "/v1/usage?group_by=tenant")
		ask(h, key, "/v1/usage/records?record_id=x")
		if reports.sums.Tenant != want || reports.records.Tenant != want {
			t.Errorf("%s asks for %q and %q, want %q", key, reports.sums.Tenant, reports.records.Tenant, want)
		}
	}
	checkProblem(t, "a stranger", ask(reporting(t, &fakeReports{}), "who", "/v1/usage"), protocol.CodeAuthFailed, "")
}

func TestUsageOnTheWire(t *testing.T) {
	reports := &fakeReports{report: billing.Report{
		From: on(1), To: on(2), MissingSince: on(1).Add(time.Hour),
		Groups: []billing.Group{{
			GroupKey: billing.GroupKey{Provider: "p", Outcome: billing.Completed}, Attempts: 2, Characters: 3, AudioMS: 4,
			Cost: []billing.Money{{Micros: 1800, Currency: "EUR"}}, Unpriced: 1, Estimated: 5,
		}},
	}}
	h := reporting(t, reports)
	const query = "/v1/usage?from=2026-03-01&to=2026-03-02&group_by=provider,model,outcome"
	w := ask(h, "bot", query)
	want := `{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z","complete":false,"missing_since":"2026-03-01T01:00:00Z",` +
		`"groups":[{"attempts":2,"audio_ms":4,"characters":3,"cost":[{"amount":"0.001800","currency":"EUR"}],"estimated":5,` +
		`"generations":0,"model":null,"outcome":"completed","provider":"p","refused_characters":0,"spoken_characters":0,"unpriced":1}]}`
	if got := strings.TrimSpace(w.Body.String()); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	w = ask(h, "bot", query+"&format=csv")
	want = "provider,model,outcome,attempts,characters,audio_ms,cost,currency,unpriced,estimated\np,,completed,2,3,4,0.001800,EUR,1,5\n"
	if got := w.Body.String(); got != want || w.Header().Get("Usage-Complete") != "false" {
		t.Errorf("got\n%s, complete %s, want\n%s", got, w.Header().Get("Usage-Complete"), want)
	}
	reports.report = billing.Report{From: on(1), To: on(2)}
	want = `{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z","complete":true,"groups":[]}`
	if got := strings.TrimSpace(ask(h, "bot", query).Body.String()); got != want {
		t.Errorf("without usage: got\n%s, want\n%s", got, want)
	}
}

// spokenTwice is a record that failed over between currencies.
func spokenTwice() billing.Record {
	return billing.Record{
		ID: "r1", GenerationID: "g1", Tenant: "acme", Key: "bot", SessionID: "s1", Route: "default",
		AdmittedAt: on(1).Add(1500 * time.Microsecond), EndedAt: on(1).Add(2 * time.Second),
		Characters: 31, Bytes: 32, Spoken: 27, Audio: 2 * time.Second, Outcome: billing.Failed, Code: "upstream_failed",
		Attempts: []billing.Attempt{
			{
				Provider: "one", Model: "m", Outcome: billing.Failed, Code: "stalled", Message: "nothing came",
				Usage: billing.Usage{Audio: time.Second, Characters: 20, Requests: 1},
				Cost:  billing.Cost{Money: billing.Money{Micros: 5, Currency: "USD"}, Source: billing.FromPriceList, Estimated: true},

				UnitPrice: billing.UnitPrice{Amount: "0.000150", Currency: "USD", Unit: billing.Character},
			},
			{Provider: "two", Outcome: billing.Cancelled, Cost: billing.Cost{Source: billing.Unavailable}},
			{
				Provider: "three", Outcome: billing.Completed,
				Cost: billing.Cost{Money: billing.Money{Micros: 1_000_000, Currency: "EUR"}, Source: billing.FromProvider},
			},
		},
		Metadata: map[string]string{"call": `7"`},
	}
}

func TestRecordsOnTheWire(t *testing.T) {
	h := reporting(t, &fakeReports{page: billing.RecordPage{Records: []billing.Record{spokenTwice()}}})
	got := strings.TrimSpace(ask(h, "bot", "/v1/usage/records?generation_id=g1").Body.String())
	want := `{"records":[{"record_id":"r1","generation_id":"g1","tenant":"acme","key":"bot","session_id":"s1","context_id":null,` +
		`"route":"default","admitted_at":"2026-03-01T00:00:00.0015Z","ended_at":"2026-03-01T00:00:02Z","characters":31,"bytes":32,"spoken_characters":27,"audio_ms":2000,` +
		`"outcome":"failed","code":"upstream_failed","price_list":null,"cost":[{"amount":"1.000000","currency":"EUR","source":"provider"},` +
		`{"amount":"0.000005","currency":"USD","source":"price_list","estimated":true},{"amount":null,"currency":null,"source":"unavailable"}],` +
		`"attempts":[{"provider":"one","model":"m","outcome":"failed","code":"stalled","message":"nothing came","requests":1,"characters":20,` +
		`"audio_ms":1000,"cost":{"amount":"0.000005","currency":"USD","source":"price_list","estimated":true},"voice":"","bytes":0,"started_at":null,"ended_at":null,"unit_price":{"amount":"0.000150","currency":"USD","unit":"character"}},` +
		`{"provider":"two","model":null,"outcome":"cancelled","requests":0,"characters":0,"audio_ms":0,"cost":{"amount":null,"currency":null,"source":"unavailable"},"voice":"","bytes":0,"started_at":null,"ended_at":null,"unit_price":null},` +
		`{"provider":"three","model":null,"outcome":"completed","requests":0,"characters":0,"audio_ms":0,"cost":{"amount":"1.000000","currency":"EUR","source":"provider"},"voice":"","bytes":0,"started_at":null,"ended_at":null,"unit_price":null}],` +
		`"metadata":{"call":"7\""}}],"next_cursor":null}`
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	got = ask(h, "bot", "/v1/usage/records?generation_id=g1&format=csv").Body.String()
	const names = `r1,g1,acme,bot,s1,,default,2026-03-01T00:00:00.0015Z,2026-03-01T00:00:02Z,failed,upstream_failed,"{""call"":""7\""""}"`
	want = "record_id,generation_id,tenant,key,session_id,context_id,route,admitted_at,ended_at,outcome,code,metadata," +
		"characters,audio_ms,attempts,unpriced,estimated,cost,currency,spoken_characters,bytes,requests,price_list,upstream_ids,unit_prices\n" +
		names + ",31,2000,3,1,1,1.000000,EUR,27,32,1,,,\n" + names + ",,,,,,0.000005,USD,,,,,,0.000150/character\n"
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// A record without a known cost has a line of its own all the same, and no 0 in it.
func TestRecordsTableOfWhatCostNothingKnown(t *testing.T) {
	rows := usage.RecordRows(&billing.Record{ID: "r1", Outcome: billing.Completed})
	if got := rows[0]; len(rows) != 1 || len(got) != len(usage.RecordsHeader()) || got[17] != "" || got[18] != "" {
		t.Errorf("got %q", rows)
	}
}

// A cursor goes on in the time that the first page was of, though today is another day by then.
func TestPagesGoOnInTheirTime(t *testing.T) {
	today, tomorrow := billing.Today(time.Now())
	for _, query := range []string{"?limit=7", "?from=2026-03-01&to=2026-03-02", "?generation_id=g1", "?generation_id=g1&from=2026-03-01"} {
		reports := &fakeReports{page: billing.RecordPage{NextCursor: "a|b"}}
		h := reporting(t, reports)
		var page struct {
			Next string `json:"next_cursor"`
		}
		if err := json.Unmarshal(ask(h, "bot", "/v1/usage/records"+query).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		first := reports.records
		values, _ := url.ParseQuery(query[1:])
		values.Del("from")
		values.Del("to")
		values.Set("cursor", page.Next)
		w := ask(h, "bot", "/v1/usage/records?format=csv&"+values.Encode())
		if first.Cursor != "" || reports.records.Cursor != "a|b" || w.Header().Get("Next-Cursor") != page.Next {
			t.Errorf("%s: cursors %q, then %q, want a|b", query, first.Cursor, reports.records.Cursor)
		}
		if first.Cursor = "a|b"; first != reports.records {
			t.Errorf("%s: %+v, then %+v", query, first, reports.records)
		}
		if query == "?limit=7" && (first.From != today || first.To != tomorrow || first.Limit != 7) {
			t.Errorf("%s asks for %+v, want today", query, first)
		}
		if query == "?generation_id=g1" && !first.From.IsZero() {
			t.Errorf("%s asks from %v, want any time", query, first.From)
		}
	}
}
