package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/limits"
)

// usage answers GET /v1/usage: sums.
func (srv *Server) usage(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked, refused := parseSumsQuestion(r.URL.RawQuery, time.Now())
	if refused == nil {
		asked.Tenant, refused = tenantFor(key, asked.Tenant)
	}
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	leave, refused := srv.reporting.enter(r.Context(), key.Name)
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	defer leave()
	var report billing.Report
	err := srv.reporting.read(r.Context(), func(ctx context.Context) (err error) {
		report, err = srv.reports.Sums(ctx, asked.SumsQuery)
		return err
	})
	if err != nil {
		srv.Refuse(w, r, key, srv.reportRefusal(err))
		return
	}
	if asked.csv {
		w.Header().Set("Usage-Complete", strconv.FormatBool(report.MissingSince.IsZero()))
		writeCSV(w, asked.Table(report.Groups))
		return
	}
	writeReport(w, asked.SumsQuery, report)
}

// usageRecords answers GET /v1/usage/records: the records themselves, a page at a time.
func (srv *Server) usageRecords(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked, refused := parseRecordsQuestion(r.URL.RawQuery, time.Now())
	if refused == nil {
		asked.Tenant, refused = tenantFor(key, asked.Tenant)
	}
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	leave, refused := srv.reporting.enter(r.Context(), key.Name)
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	defer leave()
	page := srv.newRecordsPage(asked)
	if err := page.next(r.Context()); err != nil {
		srv.Refuse(w, r, key, srv.reportRefusal(err))
		return
	}
	write := page.writeJSON
	if asked.csv {
		write = page.writeCSV
	}
	if err := write(r.Context(), w); err != nil {
		srv.log.Warn().Err(err).Msg("records broken off")
		panic(http.ErrAbortHandler) // breaks the body off, so that no client takes it for whole
	}
}

// reportRefusal is what a client is told of a report that was not made.
func (srv *Server) reportRefusal(err error) *protocol.Error {
	switch {
	case errors.Is(err, billing.ErrCursor):
		return downstream.Invalid("cursor", "cursor is none that was given as next_cursor")
	case errors.Is(err, billing.ErrFilterMetadata):
		return downstream.Invalid("metadata", err.Error())
	case errors.Is(err, billing.ErrTooManyGroups):
		return downstream.Invalid("group_by", fmt.Sprintf("over %d groups: ask for a shorter time, or group by less", mostGroups))
	case errors.Is(err, limits.ErrAway):
		return &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "the records of all relays can't be read for now"}
	case errors.Is(err, context.DeadlineExceeded):
		return &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "the report takes too long: ask for a shorter time"}
	case errors.Is(err, context.Canceled): // by the client, who has left and hears nothing
		return &protocol.Error{Code: protocol.CodeInvalidRequest, Message: "the request was cancelled"}
	}
	return downstream.WireError(srv.engine.Internal(srv.log, "report not made", err))
}
