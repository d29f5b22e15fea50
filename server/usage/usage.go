package usage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/limits"
)

// Host is the server that is asked for reports.
type Host interface {
	// Refuse answers a request with why it is refused.
	Refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error)
	// Internal logs a fault of the relay, and returns what the client is told of it.
	Internal(what string, err error) *protocol.Error
}

// Endpoints answer what was used. They are safe for concurrent use.
type Endpoints struct {
	host    Host
	reports Reports
	places  *places
	log     zerolog.Logger
}

// New are endpoints that answer from reports.
func New(host Host, reports Reports, log zerolog.Logger) *Endpoints {
	return &Endpoints{host: host, reports: reports, places: newPlaces(), log: log}
}

// Sums answers GET /v1/usage: sums.
func (e *Endpoints) Sums(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked, refused := parseSumsQuestion(r.URL.RawQuery, time.Now())
	if refused == nil {
		asked.Tenant, refused = TenantFor(key, asked.Tenant)
	}
	if refused != nil {
		e.host.Refuse(w, r, key, refused)
		return
	}
	leave, refused := e.places.enter(r.Context(), key.Name)
	if refused != nil {
		e.host.Refuse(w, r, key, refused)
		return
	}
	defer leave()
	var report billing.Report
	err := e.places.read(r.Context(), func(ctx context.Context) (err error) {
		report, err = e.reports.Sums(ctx, asked.SumsQuery)
		return err
	})
	if err != nil {
		e.host.Refuse(w, r, key, e.refusal(err))
		return
	}
	if asked.csv {
		w.Header().Set("Usage-Complete", strconv.FormatBool(report.MissingSince.IsZero()))
		writeCSV(w, asked.Table(report.Groups))
		return
	}
	writeReport(w, asked.SumsQuery, report)
}

// Records answers GET /v1/usage/records: the records themselves, a page at a time.
func (e *Endpoints) Records(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked, refused := parseRecordsQuestion(r.URL.RawQuery, time.Now())
	if refused == nil {
		asked.Tenant, refused = TenantFor(key, asked.Tenant)
	}
	if refused != nil {
		e.host.Refuse(w, r, key, refused)
		return
	}
	leave, refused := e.places.enter(r.Context(), key.Name)
	if refused != nil {
		e.host.Refuse(w, r, key, refused)
		return
	}
	defer leave()
	page := newRecordsPage(e.reports, e.places, asked)
	if err := page.next(r.Context()); err != nil {
		e.host.Refuse(w, r, key, e.refusal(err))
		return
	}
	write := page.writeJSON
	if asked.csv {
		write = page.writeCSV
	}
	if err := write(r.Context(), w); err != nil {
		e.log.Warn().Err(err).Msg("records broken off")
		panic(http.ErrAbortHandler) // breaks the body off, so that no client takes it for whole
	}
}

// refusal is what a client is told of a report that was not made.
func (e *Endpoints) refusal(err error) *protocol.Error {
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
	return e.host.Internal("report not made", err)
}
