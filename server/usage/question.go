package usage

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/downstream"
)

// Bounds on a page of records.
const (
	usualPage   = 100
	largestPage = 1000
)

// mostGroups bounds a report of sums: a month's days of 600 keys. While it is made, a group takes up to a kilobyte.
const mostGroups = 20_000

// sumsQuestion is what GET /v1/usage asks for.
type sumsQuestion struct {
	billing.SumsQuery
	csv bool
}

// recordsQuestion is what GET /v1/usage/records asks for.
type recordsQuestion struct {
	billing.RecordsQuery
	csv bool
}

func parseSumsQuestion(rawQuery string, now time.Time) (*sumsQuestion, *protocol.Error) {
	values, refused := downstream.Parameters(rawQuery, append(filterNames(), "from", "to", "period", "group_by", "format")...)
	if refused != nil {
		return nil, refused
	}
	asked := &sumsQuestion{SumsQuery: billing.SumsQuery{
		GroupBy: billing.ParseGroupBy(values.Get("group_by")), MaxGroups: mostGroups,
	}}
	from, to := billing.Today(now)
	if asked.From, asked.To, refused = parseSpan(values, from, to); refused != nil {
		return nil, refused
	}
	if asked.csv, refused = parseFormat(values); refused != nil {
		return nil, refused
	}
	if asked.Tenant, asked.Filter, refused = parseFilter(values); refused != nil {
		return nil, refused
	}
	switch err := asked.Validate(); {
	case errors.Is(err, billing.ErrRange):
		return nil, downstream.Invalid("from", err.Error())
	case errors.Is(err, billing.ErrFilterRoute):
		return nil, downstream.Invalid("route", err.Error())
	case err != nil:
		return nil, downstream.Invalid("group_by", err.Error())
	}
	return asked, nil
}

func parseRecordsQuestion(rawQuery string, now time.Time) (*recordsQuestion, *protocol.Error) {
	values, refused := downstream.Parameters(rawQuery,
		append(filterNames(), "from", "to", "period", "limit", "cursor", "record_id", "generation_id", "format")...)
	if refused != nil {
		return nil, refused
	}
	asked := &recordsQuestion{RecordsQuery: billing.RecordsQuery{
		RecordID: values.Get("record_id"), GenerationID: values.Get("generation_id"),
	}}
	if asked.RecordID != "" && asked.GenerationID != "" {
		return nil, downstream.Invalid("generation_id", "generation_id excludes record_id")
	}
	if asked.Tenant, asked.Filter, refused = parseFilter(values); refused != nil {
		return nil, refused
	}
	if asked.csv, refused = parseFormat(values); refused != nil {
		return nil, refused
	}
	if asked.Limit, refused = ParseLimit(values); refused != nil {
		return nil, refused
	}
	return asked, asked.setSpan(values, now)
}

// setSpan finds the time that is asked for: as given, else as of the page before, else today. Who asks for an id
// means any time.
func (q *recordsQuestion) setSpan(values url.Values, now time.Time) *protocol.Error {
	from, to := billing.Today(now)
	if q.RecordID != "" || q.GenerationID != "" {
		from, to = time.Time{}, time.Time{}
	}
	if text := values.Get("cursor"); text != "" {
		page, err := parsePageCursor(text)
		if err != nil {
			return downstream.Invalid("cursor", "cursor is none that was given as next_cursor")
		}
		from, to, q.Cursor = page.from, page.to, page.inner
	}
	var refused *protocol.Error
	if q.From, q.To, refused = parseSpan(values, from, to); refused != nil {
		return refused
	}
	switch {
	case q.From.IsZero() && q.To.IsZero():
		return nil
	case q.To.IsZero():
		_, q.To = billing.Today(now)
	}
	if !q.From.Before(q.To) {
		return downstream.Invalid("from", billing.ErrRange.Error())
	}
	return nil
}

// next is the cursor of the next page, or nil on the last one.
func (q *recordsQuestion) next(inner string) *string {
	if inner == "" {
		return nil
	}
	text := pageCursor{from: q.From, to: q.To, inner: inner}.String()
	return &text
}

// pageCursor goes on after a page. It has the time that the first page was asked for, since today may be another
// day when the next page is.
type pageCursor struct {
	from, to time.Time // both zero: any time
	inner    string    // of the ledger
}

func (c pageCursor) String() string {
	text := fmt.Sprintf("%s|%s|%s", millis(c.from), millis(c.to), c.inner)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func parsePageCursor(text string) (c pageCursor, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return c, billing.ErrCursor
	}
	parts := strings.SplitN(string(raw), "|", 3)
	if len(parts) != 3 || parts[2] == "" {
		return c, billing.ErrCursor
	}
	if c.from, err = parseMillis(parts[0]); err != nil {
		return c, err
	}
	c.to, err = parseMillis(parts[1])
	c.inner = parts[2]
	return c, err
}

// millis is a time in milliseconds since 1970; empty where it is zero.
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func parseMillis(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, billing.ErrCursor
	}
	t := time.UnixMilli(ms).UTC()
	if !billing.Writable(t) {
		return time.Time{}, billing.ErrCursor
	}
	return t, nil
}

// parseSpan reads from and to; what is not given is as passed in.
// A period is both.
func parseSpan(values url.Values, from, to time.Time) (_, _ time.Time, refused *protocol.Error) {
	if values.Has("period") {
		return parsePeriod(values)
	}
	for name, into := range map[string]*time.Time{"from": &from, "to": &to} {
		if !values.Has(name) {
			continue
		}
		t, err := billing.ParseTime(values.Get(name))
		if err != nil {
			return from, to, downstream.Invalid(name, name+" "+err.Error())
		}
		*into = t
	}
	return from, to, nil
}

func parseFormat(values url.Values) (csv bool, refused *protocol.Error) {
	if format := values.Get("format"); values.Has("format") && format != "json" && format != "csv" {
		return false, downstream.Invalid("format", "format must be json or csv")
	}
	return values.Get("format") == "csv", nil
}

// ParseLimit reads how many of what is asked for are wanted at most.
func ParseLimit(values url.Values) (int, *protocol.Error) {
	if !values.Has("limit") {
		return usualPage, nil
	}
	n, err := strconv.Atoi(values.Get("limit"))
	if err != nil || n < 1 || n > largestPage {
		return 0, downstream.Invalid("limit", fmt.Sprintf("limit must be 1 to %d", largestPage))
	}
	return n, nil
}
