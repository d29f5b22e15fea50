package ship

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// Sums answers for whole hours, to which the time of the question is widened.
func (r *Reports) Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error) {
	if err := q.Validate(); err != nil {
		return billing.Report{}, err
	}
	if q.Metadata.Key != "" {
		return billing.Report{}, billing.ErrFilterMetadata
	}
	first, behind := hourRange(q.From, q.To)
	// Before the sums, so that what they claim to be there is.
	missing, err := r.missingSince(ctx, hourTime(behind))
	if err != nil {
		return billing.Report{}, err
	}
	tenants, err := r.tenants(ctx, q.Tenant)
	if err != nil {
		return billing.Report{}, err
	}
	folded := fold{query: q, sums: make(map[billing.SumKey]billing.SumValue)}
	for _, tenant := range tenants {
		if err := r.foldTenant(ctx, folded, tenant, first, behind); err != nil {
			return billing.Report{}, fmt.Errorf("read sums: %w", err)
		}
	}
	groups, err := billing.GroupSums(q, folded.shares())
	if err != nil {
		return billing.Report{}, err
	}
	from, to := WholeHours(q.From, q.To)
	return billing.Report{From: from, To: to, Groups: groups, MissingSince: missing}, nil
}

// missingSince is the earliest admission before to of a record that Redis may lack; zero where it has them all. Where nothing
// is known it is 1970.
func (r *Reports) missingSince(ctx context.Context, to time.Time) (time.Time, error) {
	beats, err := r.Heartbeats(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var missing time.Time
	for _, b := range beats {
		if since, may := b.missing(); may && since.Before(to) && (missing.IsZero() || since.Before(missing)) {
			missing = since
		}
	}
	return missing, nil
}

// missing is since when records of the relay may be missing, if they may.
func (b Heartbeat) missing() (since time.Time, may bool) {
	if b.Oldest.IsZero() {
		return time.Unix(0, 0).UTC(), true
	}
	return b.Oldest, b.Stale || b.Unshipped > 0
}

func (r *Reports) foldTenant(ctx context.Context, f fold, tenant string, first, behind int64) error {
	hours, err := r.hours(ctx, tenant, first, behind)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(hours, commandsAtOnce) {
		sums, err := r.readSums(ctx, tenant, some)
		if err != nil {
			return err
		}
		for i, fields := range sums {
			if err := f.add(tenant, some[i], fields); err != nil {
				return err
			}
		}
	}
	return nil
}

// readSums reads the hashes of some hours, at most commandsAtOnce.
func (r *Reports) readSums(ctx context.Context, tenant string, hours []int64) ([]map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	answers := make([]*redis.MapStringStringCmd, len(hours))
	_, err := r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, hour := range hours {
			answers[i] = p.HGetAll(ctx, sumsKey(tenant, hour))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	sums := make([]map[string]string, len(hours))
	for i, answer := range answers {
		sums[i] = answer.Val()
	}
	return sums, nil
}

// fold gathers sums as coarsely as the question allows, so that a year of many tenants needs little memory.
type fold struct {
	query billing.SumsQuery
	sums  map[billing.SumKey]billing.SumValue
}

func (f fold) add(tenant string, hour int64, fields map[string]string) error {
	sums, err := parseSums(tenant, hour, fields)
	if err != nil {
		return err
	}
	for key, value := range sums {
		if (key.Provider != "") != f.query.OfAttempts() || !f.query.WantsSum(key) {
			continue
		}
		s := f.query.CoarseShare(billing.Share{Key: key, Value: value})
		f.sums[s.Key] = f.sums[s.Key].Plus(s.Value)
	}
	if f.query.Exceeds(len(f.sums)) {
		return billing.ErrTooManyGroups
	}
	return nil
}

func (f fold) shares() []billing.Share {
	shares := make([]billing.Share, 0, len(f.sums))
	for key, value := range f.sums {
		shares = append(shares, billing.Share{Key: key, Value: value})
	}
	return shares
}
