package tests

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// Keys of the tests on usage: of two tenants, and one that sees both.
const (
	acmeKey = "k-acme-0123456789"
	betaKey = "k-beta-0123456789"
	opsKey  = "k-ops-01234567890"
)

func withTenants(c *config) *config {
	c.Keys = []map[string]any{
		{"name": "acme-bot", "tenant": "acme", "key": acmeKey},
		{"name": "beta-bot", "tenant": "beta", "key": betaKey},
		{"name": "ops", "tenant": "staff", "key": opsKey, "admin": true},
	}
	return c
}

// A report is what /v1/usage answers.
type report struct {
	From, To     time.Time
	Complete     bool
	MissingSince *time.Time `json:"missing_since"`
	Groups       []group
}

type group struct {
	Tenant, Key, Day, Route, Outcome, Provider, Model *string

	Generations, Attempts, Characters, Unpriced, Estimated int64
	Spoken                                                 int64 `json:"spoken_characters"`
	Refused                                                int64 `json:"refused_characters"`
	AudioMS                                                int64 `json:"audio_ms"`
	Cost                                                   []struct{ Amount, Currency string }
}

// usage asks for sums, and checks the shape of what comes.
func (r *relay) usage(t *testing.T, key, query string) report {
	t.Helper()
	a := r.get(t, "/v1/usage?"+query, bearer(key))
	var got report
	if a.status != http.StatusOK {
		t.Fatalf("usage answers %d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		t.Fatalf("usage: %v in %s", err, a.body)
	}
	if got.Complete != (got.MissingSince == nil) || got.Groups == nil || !got.From.Before(got.To) {
		t.Errorf("usage: %s", a.body)
	}
	return got
}

// A record is one of those that /v1/usage/records answers.
type record struct {
	RecordID     string `json:"record_id"`
	GenerationID string `json:"generation_id"`
	Tenant, Key  string
	SessionID    string    `json:"session_id"`
	ContextID    *string   `json:"context_id"`
	AdmittedAt   time.Time `json:"admitted_at"`
	EndedAt      time.Time `json:"ended_at"`
	Route        string
	Characters   int
	AudioMS      int64 `json:"audio_ms"`
	Outcome      string
	Code         *string
	Cost         []cost
	Attempts     []attempt
	Metadata     map[string]string
}

// records asks for records and follows the cursor to the last page.
func (r *relay) records(t *testing.T, key, query string) []record {
	t.Helper()
	var all []record
	for cursor := ""; ; {
		a := r.get(t, "/v1/usage/records?"+query+cursor, bearer(key))
		var page struct {
			Records []record
			Next    *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != http.StatusOK {
			t.Fatalf("records: %d, %v in %s", a.status, err, a.body)
		}
		all = append(all, page.Records...)
		if page.Next == nil {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

// What the reports say is what the clients were told when their generations ended.
func TestUsageIsWhatClientsWereTold(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "empty", emulator.Options{}), emulate(t, emulator.Options{Pace: 8})
	cfg := withTenants(speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well}))
	cfg.Prices = []map[string]any{{"provider": "ill", "model": "*", "unit": "request", "amount": "0.01", "currency": "USD"}}
	r := serve(t, cfg)
	acme, beta := r.dialWith(t, dialing{header: bearer(acmeKey)}), r.dialWith(t, dialing{header: bearer(betaKey)})
	acme.send(j{"type": "generate", "generation_id": "a", "text": twelve, "metadata": j{"call": "7"}, "context_id": "turn"})
	acme.send(j{"type": "generate", "generation_id": "cut", "route": "well", "text": threeSentences})
	acme.await("audio", of("audio", "cut"))
	acme.send(j{"type": "cancel", "generation_id": "cut"})
	acme.send(j{"type": "generate", "generation_id": "no", "route": "ill", "text": twelve})
	beta.send(j{"type": "generate", "generation_id": "a", "route": "well", "text": "lazy dog."})
	told := map[string][]message{
		"acme": {acme.completed("a"), acme.done("cut"), acme.done("no")},
		"beta": {beta.completed("a")},
	}
	for tenant, dones := range told {
		key := map[string]string{"acme": acmeKey, "beta": betaKey}[tenant]
		own := r.usage(t, key, "group_by=tenant")
		if len(own.Groups) != 1 || *own.Groups[0].Tenant != tenant {
			t.Fatalf("%s sees %+v", tenant, own.Groups)
		}
		checkSum(t, own.Groups[0], dones)
		checkRecords(t, r.records(t, key, "limit=1"), tenant, dones)
	}
	all := r.usage(t, opsKey, "group_by=provider,outcome")
	var attempts int64
	for _, g := range all.Groups {
		attempts += g.Attempts
	}
	if want := int64(len(r.attempts(t))); attempts != want || !all.Complete {
		t.Errorf("an admin sees %d attempts, complete %v, want %d", attempts, all.Complete, want)
	}
}

// attempts are those of all records.
func (r *relay) attempts(t *testing.T) (all []attempt) {
	for _, rec := range r.records(t, opsKey, "") {
		all = append(all, rec.Attempts...)
	}
	return all
}

// checkSum compares a sum with the usage that dones told.
func checkSum(t *testing.T, got group, dones []message) {
	t.Helper()
	var attempts, characters, spoken, audio, unpriced int64
	costs := make(map[string]*big.Rat)
	for _, m := range dones {
		if !m.Usage.Recorded {
			t.Errorf("not recorded: %s", m)
		}
		attempts += int64(len(m.Usage.Attempts))
		characters += int64(m.Usage.Characters)
		spoken += int64(m.Spoken.Char)
		audio += m.Usage.AudioMS
		for _, a := range m.Usage.Attempts {
			if a.Cost.Amount == nil {
				unpriced++
				continue
			}
			addCost(costs, *a.Cost.Currency, *a.Cost.Amount)
		}
	}
	if got.Generations != int64(len(dones)) || got.Attempts != attempts || got.Characters != characters ||
		got.Spoken != spoken || got.AudioMS != audio || got.Unpriced != unpriced {
		t.Errorf("sum %+v, want %d generations, %d attempts, %d characters of which %d are spoken, %d ms, %d unpriced",
			got, len(dones), attempts, characters, spoken, audio, unpriced)
	}
	for _, c := range got.Cost {
		addCost(costs, c.Currency, "-"+c.Amount)
	}
	for currency, left := range costs {
		if left.Sign() != 0 {
			t.Errorf("the sum in %s is off by %s", currency, left.FloatString(6))
		}
	}
}

func addCost(sums map[string]*big.Rat, currency, amount string) {
	if sums[currency] == nil {
		sums[currency] = new(big.Rat)
	}
	value, ok := new(big.Rat).SetString(amount)
	if !ok {
		value = big.NewRat(1<<40, 1) // no amount adds up with this
	}
	sums[currency].Add(sums[currency], value)
}

// checkRecords compares records with the dones of a tenant, each of which has one.
func checkRecords(t *testing.T, got []record, tenant string, dones []message) {
	t.Helper()
	if len(got) != len(dones) {
		t.Errorf("%s has %d records, want %d", tenant, len(got), len(dones))
	}
	for _, m := range dones {
		i := slices.IndexFunc(got, func(r record) bool { return r.RecordID == m.RecordID })
		if i < 0 {
			t.Errorf("no record of %s", m)
			continue
		}
		r := got[i]
		same := r.GenerationID == m.ID && r.Tenant == tenant && r.Key == tenant+"-bot" && r.Outcome == m.Reason &&
			r.Characters == m.Usage.Characters && r.AudioMS == m.Usage.AudioMS && !r.EndedAt.Before(r.AdmittedAt)
		if !same || (m.Error == nil) != (r.Code == nil) || m.Error != nil && *r.Code != m.Error.Code {
			t.Errorf("record %+v of %s", r, m)
		}
		if got, want := fmt.Sprint(asJSON(t, r.Cost), asJSON(t, r.Attempts)), fmt.Sprint(asJSON(t, m.Usage.Cost), asJSON(t, m.Usage.Attempts)); got != want {
			t.Errorf("record has %s, done told %s", got, want)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestARecordIsFoundByItsNames(t *testing.T) {
	t.Parallel()
	r := serve(t, withTenants(speaksByOne(emulate(t, emulator.Options{}))))
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "one", "text": "lazy dog.", "metadata": j{"call": "7"}, "context_id": "turn"})
	c.send(j{"type": "generate", "generation_id": "two", "text": "lazy dog."})
	done := c.completed("one")
	c.completed("two")
	for _, query := range []string{"generation_id=one", "record_id=" + done.RecordID} {
		found := r.records(t, acmeKey, query)
		if len(found) != 1 || found[0].RecordID != done.RecordID {
			t.Fatalf("%s finds %+v", query, found)
		}
		got := found[0]
		same(t, query+": metadata", got.Metadata["call"], "7")
		same(t, query+": context", value(got.ContextID), "turn")
		same(t, query+": route", got.Route, "default")
		if got.SessionID == "" {
			t.Errorf("%s: no session in %+v", query, got)
		}
		if others := r.records(t, betaKey, query); len(others) > 0 {
			t.Errorf("%s shows another tenant %+v", query, others)
		}
	}
	if old := r.records(t, acmeKey, "from=2020-01-01&to=2020-01-02"); len(old) > 0 {
		t.Errorf("years ago: %+v", old)
	}
}

func TestUsageNamesTheParameterAtFault(t *testing.T) {
	t.Parallel()
	r := serve(t, withTenants(speaksByOne(emulate(t, emulator.Options{}))))
	for path, param := range map[string]string{
		"/v1/usage?from=2026-13-01":                    "from",
		"/v1/usage?from=2026-01-02&to=2026-01-01":      "from",
		"/v1/usage?group_by=provider,route":            "group_by",
		"/v1/usage?group_by=weather":                   "group_by",
		"/v1/usage?format=xml":                         "format",
		"/v1/usage?tenant=beta":                        "tenant",
		"/v1/usage/records?limit=0":                    "limit",
		"/v1/usage/records?cursor=made-up":             "cursor",
		"/v1/usage/records?record_id=a&record_id=b":    "record_id",
		"/v1/usage/records?record_id=a&generation_id=": "",
	} {
		a := r.get(t, path, bearer(acmeKey))
		if param == "" {
			if a.status != http.StatusOK {
				t.Errorf("%s answers %d %s", path, a.status, a.body)
			}
			continue
		}
		if p := a.problem(t); p.Code != "invalid_request" || p.Param != param {
			t.Errorf("%s: %s of %q, want %q", path, p.Code, p.Param, param)
		}
	}
	for _, path := range []string{"/v1/usage", "/v1/usage/records"} {
		if p := r.get(t, path, nil).problem(t); p.Code != "auth_failed" {
			t.Errorf("%s without a key: %s", path, p.Code)
		}
	}
}

// The command reads the file while the relay writes it, and says what the relay says.
func TestUsageFromTheCommandLine(t *testing.T) {
	t.Parallel()
	r := serve(t, withTenants(speaksByOne(emulate(t, emulator.Options{}))))
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.completed("g")

	got := run(t, r.dir, "", "usage", "-csv", "-by", "tenant,day")
	served := r.get(t, "/v1/usage?format=csv&group_by=tenant,day", bearer(opsKey))
	if got.code != 0 || got.out != string(served.body) || !strings.HasPrefix(served.header.Get("Content-Type"), "text/csv") {
		t.Errorf("the command ends with %d and prints\n%s%s, want\n%s", got.code, got.out, got.errout, served.body)
	}
	rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != "acme" || rows[1][4] != strconv.Itoa(len(twelve)) {
		t.Errorf("rows %q, %v", rows, err)
	}
	if table := run(t, r.dir, "", "usage", "-by", "provider"); table.code != 0 || !strings.Contains(table.out, "kugelaudio  1 ") {
		t.Errorf("the table ends with %d:\n%s%s", table.code, table.out, table.errout)
	}
	if none := run(t, r.dir, "", "usage", "-csv", "-from", "2020-01-01", "-to", "2020-02-01"); none.code != 0 || strings.Count(none.out, "\n") != 1 {
		t.Errorf("years ago: %d\n%s%s", none.code, none.out, none.errout)
	}
	for _, args := range [][]string{{"-by", "weather"}, {"-from", "yesterday"}, {"-from", "2999-01-01"}, {"-config", "none.yaml"}, {"extra"}} {
		if got := run(t, r.dir, "", append([]string{"usage"}, args...)...); got.code == 0 || got.errout == "" {
			t.Errorf("%q ends with %d and says %q", args, got.code, got.errout)
		}
	}
}
