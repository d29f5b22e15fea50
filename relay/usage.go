package relay

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/billing"
	"voicerelay/limits"
)

// reportPatience bounds the making of one report.
const reportPatience = 30 * time.Second

// reportFrom notes who answers reports. Where nobody does, nothing was used.
func (srv *Server) reportFrom(parts Parts) {
	srv.reports, srv.standing = parts.Reports, parts.Standing
	if srv.reports == nil {
		srv.reports = noReports{}
	}
	if srv.standing == nil {
		srv.standing = func() Standing { return Standing{} }
	}
}

// usage answers GET /v1/usage: sums.
func (srv *Server) usage(w http.ResponseWriter, r *http.Request, key *Key) {
	asked, refused := parseSumsQuestion(r.URL.RawQuery, time.Now())
	if refused != nil {
		writeError(w, refused)
		return
	}
	asked.Tenant = visibleTenant(key)
	ctx, cancel := context.WithTimeout(r.Context(), reportPatience)
	defer cancel()
	report, err := srv.reports.Sums(ctx, asked.SumsQuery)
	if err != nil {
		writeError(w, srv.reportRefusal(err))
		return
	}
	if asked.csv {
		w.Header().Set("Usage-Complete", strconv.FormatBool(report.MissingSince.IsZero()))
		writeCSV(w, asked.Table(report.Groups))
		return
	}
	writeJSON(w, http.StatusOK, wireReport(asked.SumsQuery, report))
}

// usageRecords answers GET /v1/usage/records: the records themselves, a page at a time.
func (srv *Server) usageRecords(w http.ResponseWriter, r *http.Request, key *Key) {
	asked, refused := parseRecordsQuestion(r.URL.RawQuery, time.Now())
	if refused != nil {
		writeError(w, refused)
		return
	}
	asked.Tenant = visibleTenant(key)
	ctx, cancel := context.WithTimeout(r.Context(), reportPatience)
	defer cancel()
	page, err := srv.reports.Records(ctx, asked.RecordsQuery)
	if err != nil {
		writeError(w, srv.reportRefusal(err))
		return
	}
	next := asked.next(page.NextCursor)
	if asked.csv {
		if next != nil {
			w.Header().Set("Next-Cursor", *next)
		}
		writeCSV(w, recordsTable(page.Records))
		return
	}
	writeJSON(w, http.StatusOK, wirePage(page, next))
}

// visibleTenant is whose usage a key sees; empty: everyone's.
func visibleTenant(key *Key) string {
	if key.Admin {
		return ""
	}
	return key.Tenant
}

// reportRefusal is what a client is told of a report that was not made.
func (srv *Server) reportRefusal(err error) *protocol.Error {
	switch {
	case errors.Is(err, billing.ErrCursor):
		return invalid("cursor", "cursor is none that was given as next_cursor")
	case errors.Is(err, limits.ErrAway):
		return &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "the records of all relays can't be read for now"}
	case errors.Is(err, context.DeadlineExceeded):
		return &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "the report takes too long: ask for a shorter time"}
	case errors.Is(err, context.Canceled): // by the client, who has left and hears nothing
		return &protocol.Error{Code: protocol.CodeInvalidRequest, Message: "the request was cancelled"}
	}
	return srv.internal(srv.log, "report not made", err)
}

func writeCSV(w http.ResponseWriter, rows [][]string) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_ = billing.WriteCSV(w, rows) // the client may have left
}

// noReports is where nothing is recorded.
type noReports struct{}

func (noReports) Sums(_ context.Context, q billing.SumsQuery) (billing.Report, error) {
	return billing.Report{From: q.From, To: q.To}, nil
}

func (noReports) Records(context.Context, billing.RecordsQuery) (billing.RecordPage, error) {
	return billing.RecordPage{}, nil
}
