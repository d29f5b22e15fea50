package ship

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// maxPage is the most records of a page, and the default.
const maxPage = 1000

// Records lists records by their admission, or those that have an id.
func (r *Reports) Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error) {
	limit := min(cmp.Or(max(q.Limit, 0), maxPage), maxPage)
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return billing.RecordPage{}, err
	}
	s := search{reports: r, query: q, prefix: prefixOf(q), after: after}
	if err := s.readSpots(ctx); err != nil {
		return billing.RecordPage{}, fmt.Errorf("read hours: %w", err)
	}
	found, err := s.find(ctx, limit+1) // one more tells whether there is a page after
	if err != nil {
		return billing.RecordPage{}, fmt.Errorf("read records: %w", err)
	}
	page := billing.RecordPage{}
	for i, f := range found {
		if i == limit {
			page.NextCursor = cursorBehind(found[i-1].place)
			break
		}
		page.Records = append(page.Records, f.record)
	}
	if err := billing.AddUnitPrices(ctx, r, page.Records); err != nil {
		return billing.RecordPage{}, err
	}
	return page, nil
}

type foundRecord struct {
	place
	record billing.Record
}

// search is a walk through the hours, in order.
type search struct {
	reports *Reports
	query   billing.RecordsQuery
	prefix  string // of the ids that are looked for
	spots   []spot // still to be looked at, by hour
	after   place  // where the walk stands: what is not after it has been seen
}

// prefixOf is what apply.lua lets the entries of the ids begin with that a question is for.
func prefixOf(q billing.RecordsQuery) string {
	switch {
	case q.RecordID != "":
		return "r" + q.RecordID + "\x00"
	case q.GenerationID != "":
		return "g" + q.GenerationID + "\x00"
	default:
		return "r"
	}
}

// readSpots lists what there is to be looked at: an entry an hour and tenant, within the time of the question.
func (s *search) readSpots(ctx context.Context) error {
	first, behind := s.after.hour, farHour
	if !s.query.From.IsZero() {
		first = max(first, floorHour(s.query.From))
	}
	if !s.query.To.IsZero() {
		_, behind = hourRange(s.query.To, s.query.To)
	}
	tenants, err := s.reports.tenants(ctx, s.query.Tenant)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		hours, err := s.reports.hours(ctx, tenant, first, behind)
		if err != nil {
			return err
		}
		for _, hour := range hours {
			s.spots = append(s.spots, spot{hour, tenant})
		}
	}
	slices.SortFunc(s.spots, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.tenant, b.tenant))
	})
	return nil
}

// find gives the next n records, or all that are left.
func (s *search) find(ctx context.Context, n int) ([]foundRecord, error) {
	var found []foundRecord
	size := 1
	for len(s.spots) > 0 && len(found) < n {
		some := wholeHours(s.spots, size)
		places, err := s.places(ctx, some, n-len(found))
		if err != nil {
			return nil, err
		}
		records, err := s.read(ctx, places)
		if err != nil {
			return nil, err
		}
		found = append(found, records...)
		if len(places) == 0 {
			s.spots = s.spots[len(some):]
			size = min(2*size, commandsAtOnce) // nothing here: look farther at once
			continue
		}
		s.after = places[len(places)-1]
		s.spots = slices.DeleteFunc(s.spots, func(at spot) bool { return at.hour < s.after.hour })
	}
	return found, nil
}

// wholeHours is the first spots: at least n where there are so many, and all of each hour, so that hours stay in order.
func wholeHours(spots []spot, n int) []spot {
	n = min(n, len(spots))
	for n < len(spots) && spots[n].hour == spots[n-1].hour {
		n++
	}
	return spots[:n]
}

// read fetches records and keeps those that the question is for.
func (s *search) read(ctx context.Context, places []place) ([]foundRecord, error) {
	entries, err := s.reports.readEntries(ctx, places)
	if err != nil {
		return nil, err
	}
	var found []foundRecord
	for _, e := range entries {
		r, err := decodeRecord(e.record)
		if err != nil {
			return nil, err
		}
		if s.wants(&r) {
			found = append(found, foundRecord{e.place, r})
		}
	}
	return found, nil
}

func (s *search) wants(r *billing.Record) bool {
	q := s.query
	return (q.From.IsZero() || !r.AdmittedAt.Before(q.From)) && (q.To.IsZero() || r.AdmittedAt.Before(q.To)) &&
		q.WantsRecord(r) && (q.RecordID == "" || r.ID == q.RecordID) && (q.GenerationID == "" || r.GenerationID == q.GenerationID)
}

func cursorBehind(p place) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.hour, 10) + " " + p.recordID))
}

func parseCursor(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return place{}, billing.ErrCursor
	}
	number, id, ok := strings.Cut(string(raw), " ")
	hour, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !ok || id == "" || hour < 0 {
		return place{}, billing.ErrCursor
	}
	return place{spot: spot{hour: hour}, recordID: id}, nil
}

// places finds the first n ids after where the search stands, in order.
func (s *search) places(ctx context.Context, spots []spot, n int) ([]place, error) {
	var places []place
	for some := range slices.Chunk(spots, commandsAtOnce) {
		found, err := s.placesIn(ctx, some, n)
		if err != nil {
			return nil, err
		}
		places = append(places, found...)
		slices.SortFunc(places, comparePlaces)
		places = places[:min(n, len(places))]
	}
	return places, nil
}

func (s *search) placesIn(ctx context.Context, spots []spot, n int) ([]place, error) {
	ctx, cancel := context.WithTimeout(ctx, s.reports.timeout)
	defer cancel()
	answers := make([]*redis.StringSliceCmd, len(spots))
	_, err := s.reports.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, at := range spots {
			answers[i] = p.ZRangeArgs(ctx, redis.ZRangeArgs{
				Key: idsKey(at.tenant, at.hour), ByLex: true, Start: s.start(at), Stop: "(" + s.prefix + "\xff", Count: int64(n),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var places []place
	for i, answer := range answers {
		for _, member := range answer.Val() {
			p, err := parsePlace(spots[i], member)
			if err != nil {
				return nil, err
			}
			places = append(places, p)
		}
	}
	return places, nil
}

// start is where an hour's ids are looked at from. An id's entry goes on with a zero byte, which sorts before all others.
func (s *search) start(at spot) string {
	if at.hour != s.after.hour {
		return "[" + s.prefix
	}
	if strings.HasPrefix(s.prefix, "r") {
		return "(" + max("r"+s.after.recordID+"\x00\xff", s.prefix)
	}
	return "(" + s.prefix + s.after.recordID + "\x00\xff"
}
