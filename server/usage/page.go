package usage

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"voicerelay/billing"
)

// pagePart is how many records are read at a time, and held by a report: of the largest, with 4 KiB of metadata, a megabyte.
// No query is open while the client takes them, so that one who takes his time holds up nothing of the ledger.
const pagePart = 250

// recordsPage is a page of records that is written as it is read.
type recordsPage struct {
	reports Reports
	places  *places
	asked   *recordsQuestion
	query   billing.RecordsQuery // of the part to come
	left    int                  // records that the page has room for beyond part

	part   []billing.Record
	cursor string // after part, as next_cursor has it; empty: nothing follows
	more   bool   // the page goes on after part
}

func newRecordsPage(reports Reports, places *places, asked *recordsQuestion) *recordsPage {
	return &recordsPage{reports: reports, places: places, asked: asked, query: asked.RecordsQuery, left: asked.Limit}
}

// next reads the next part.
func (p *recordsPage) next(ctx context.Context) error {
	p.query.Limit = min(p.left, pagePart)
	var page billing.RecordPage
	err := p.places.read(ctx, func(ctx context.Context) (err error) {
		page, err = p.reports.Records(ctx, p.query)
		return err
	})
	if err != nil {
		return err
	}
	p.part, p.cursor = page.Records, page.NextCursor
	p.left -= len(p.part)
	p.query.Cursor = p.cursor
	p.more = p.cursor != "" && len(p.part) > 0 && p.left > 0
	return nil
}

// each shows the records of the whole page. What show returns ends it.
func (p *recordsPage) each(ctx context.Context, show func(*billing.Record) error) error {
	for {
		for i := range p.part {
			if err := show(&p.part[i]); err != nil {
				return err
			}
		}
		if !p.more {
			return nil
		}
		if err := p.next(ctx); err != nil {
			return err
		}
	}
}

// writeJSON writes the page as {"records":[…],"next_cursor":…}.
func (p *recordsPage) writeJSON(ctx context.Context, w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	list := jsonList{w: w}
	list.begin(`{"records":[`)
	err := p.each(ctx, func(r *billing.Record) error { return list.add(wireRecord(r)) })
	if err != nil {
		return err
	}
	cursor, _ := json.Marshal(p.asked.next(p.cursor)) // a string, or null
	return list.end(`],"next_cursor":` + string(cursor) + "}\n")
}

// writeCSV keeps the lines until it knows what follows them, since a header says so. They are mostly metadata: of a whole
// page up to 5 MiB.
func (p *recordsPage) writeCSV(ctx context.Context, w http.ResponseWriter) error {
	var lines bytes.Buffer
	_ = billing.WriteCSV(&lines, [][]string{RecordsHeader()}) // a buffer takes everything
	err := p.each(ctx, func(r *billing.Record) error { return billing.WriteCSV(&lines, RecordRows(r)) })
	if err != nil {
		return err
	}
	if next := p.asked.next(p.cursor); next != nil {
		w.Header().Set("Next-Cursor", *next)
	}
	w.Header().Set("Content-Type", csvType)
	_, _ = w.Write(lines.Bytes()) // the client may have left
	return nil
}
