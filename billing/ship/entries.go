package ship

import (
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// entry is a record in an hour's stream.
type entry struct {
	place
	epoch, seq, record string
}

// places finds the first n ids behind where the search stands, in order.
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

// parsePlace reads an entry of an hour's ids: its last two parts are the record's id and its place in the stream.
func parsePlace(at spot, member string) (place, error) {
	parts := strings.Split(strings.TrimPrefix(member, "r"), "\x00")
	if len(parts) < 2 {
		return place{}, errStored
	}
	return place{spot: at, recordID: parts[len(parts)-2], entry: parts[len(parts)-1]}, nil
}

// readEntries fetches what lies at the places. What is over meanwhile is left out.
func (r *Reports) readEntries(ctx context.Context, places []place) ([]entry, error) {
	var entries []entry
	for some := range slices.Chunk(places, commandsAtOnce) {
		found, err := r.readSome(ctx, some)
		if err != nil {
			return nil, err
		}
		entries = append(entries, found...)
	}
	return entries, nil
}

func (r *Reports) readSome(ctx context.Context, places []place) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	answers := make([]*redis.XMessageSliceCmd, len(places))
	_, err := r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, at := range places {
			answers[i] = p.XRange(ctx, recordsKey(at.tenant, at.hour), at.entry, at.entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var entries []entry
	for i, answer := range answers {
		for _, message := range answer.Val() {
			entries = append(entries, entryOf(places[i], message))
		}
	}
	return entries, nil
}

func entryOf(at place, m redis.XMessage) entry {
	text := func(name string) string {
		value, _ := m.Values[name].(string) // what is missing does not decode later
		return value
	}
	return entry{place: at, epoch: text("epoch"), seq: text("seq"), record: text("record")}
}
