package usage

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"voicerelay/billing"
)

// RecordsHeader names the columns of a table of records.
func RecordsHeader() []string {
	return []string{
		"record_id", "generation_id", "tenant", "key", "session_id", "context_id", "route", "admitted_at", "ended_at",
		"outcome", "code", "metadata", "characters", "audio_ms", "attempts", "unpriced", "estimated", "cost", "currency",
		"spoken_characters", "bytes", "requests", "price_list", "upstream_ids", "unit_prices", // last, for those who count columns
	}
}

// RecordRows is a record as rows of text. As in tables of sums, one that cost something in several currencies has a row for
// each, of which only the first has its measures.
func RecordRows(r *billing.Record) [][]string {
	var metadata []byte
	if len(r.Metadata) > 0 {
		metadata, _ = json.Marshal(r.Metadata) // strings always encode
	}
	names := []string{
		r.ID, r.GenerationID, r.Tenant, r.Key, r.SessionID, r.ContextID, r.Route,
		r.AdmittedAt.UTC().Format(time.RFC3339Nano), r.EndedAt.UTC().Format(time.RFC3339Nano),
		string(r.Outcome), r.Code, string(metadata),
	}
	measures, rest := measuresOf(r), restOf(r)
	var rows [][]string
	for _, c := range r.Cost() {
		if c.Known() {
			prices := unitPricesIn(r, c.Money.Currency)
			rows = append(rows, slices.Concat(names, measures, []string{c.Money.Amount(), c.Money.Currency}, rest, []string{prices}))
			measures, rest = make([]string, len(measures)), []string{"", "", "", r.PriceList, ""}
		}
	}
	if len(rows) == 0 {
		rows = append(rows, slices.Concat(names, measures, []string{"", ""}, rest, []string{""}))
	}
	return rows
}

// unitPricesIn are the prices of a currency by which attempts were priced, each once, such as "0.000150/character".
func unitPricesIn(r *billing.Record, currency string) string {
	var prices []string
	for i := range r.Attempts {
		p := r.Attempts[i].UnitPrice
		if text := p.String(); p.Currency == currency && !slices.Contains(prices, text) {
			prices = append(prices, text)
		}
	}
	return strings.Join(prices, " ")
}

// restOf are the columns after the cost, but for the last.
func restOf(r *billing.Record) []string {
	var requests int64
	var ids []string
	for i := range r.Attempts {
		requests += r.Attempts[i].Requests
		if id := r.Attempts[i].UpstreamID; id != "" {
			ids = append(ids, id)
		}
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{number(r.Spoken), number(r.Bytes), number(requests), r.PriceList, strings.Join(ids, " ")}
}

// measuresOf is what can be added up of a record, but for its cost and what was spoken.
func measuresOf(r *billing.Record) []string {
	var unpriced, estimated int64
	for i := range r.Attempts {
		switch cost := &r.Attempts[i].Cost; {
		case !cost.Known():
			unpriced++
		case cost.Estimated:
			estimated++
		}
	}
	var measures []string
	for _, n := range []int64{r.Characters, r.Audio.Milliseconds(), int64(len(r.Attempts)), unpriced, estimated} {
		measures = append(measures, strconv.FormatInt(n, 10))
	}
	return measures
}

const csvType = "text/csv; charset=utf-8"

func writeCSV(w http.ResponseWriter, rows [][]string) {
	w.Header().Set("Content-Type", csvType)
	_ = billing.WriteCSV(w, rows) // the client may have left
}
