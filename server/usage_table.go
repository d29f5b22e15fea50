package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"voicerelay/billing"
)

// recordsHeader names the columns of a table of records.
func recordsHeader() []string {
	return []string{
		"record_id", "generation_id", "tenant", "key", "session_id", "context_id", "route", "admitted_at", "ended_at",
		"outcome", "code", "metadata", "characters", "audio_ms", "attempts", "unpriced", "estimated", "cost", "currency",
		"spoken_characters", // last, for those who count columns
	}
}

// recordRows is a record as rows of text. As in tables of sums, one that cost something in several currencies has a row for
// each, of which only the first has its measures.
func recordRows(r *billing.Record) [][]string {
	var metadata []byte
	if len(r.Metadata) > 0 {
		metadata, _ = json.Marshal(r.Metadata) // strings always encode
	}
	names := []string{
		r.ID, r.GenerationID, r.Tenant, r.Key, r.SessionID, r.ContextID, r.Route,
		r.AdmittedAt.UTC().Format(time.RFC3339Nano), r.EndedAt.UTC().Format(time.RFC3339Nano),
		string(r.Outcome), r.Code, string(metadata),
	}
	measures, spoken := measuresOf(r), strconv.FormatInt(r.Spoken, 10)
	var rows [][]string
	for _, c := range r.Cost() {
		if c.Known() {
			rows = append(rows, slices.Concat(names, measures, []string{c.Money.Amount(), c.Money.Currency, spoken}))
			measures, spoken = make([]string, len(measures)), ""
		}
	}
	if len(rows) == 0 {
		rows = append(rows, slices.Concat(names, measures, []string{"", "", spoken}))
	}
	return rows
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
