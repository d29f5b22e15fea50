package ship

import (
	"context"
	_ "embed" // for the script
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

//go:embed relays.lua
var relaysSource string

// Reports answers questions from what all relays have shipped.
type Reports struct {
	rdb     redis.UniversalClient
	timeout time.Duration // of one exchange
	relays  *redis.Script
}

// defaultTimeout bounds each exchange with Redis.
const defaultTimeout = 2 * time.Second

// NewReports asks Redis through rdb, whose options must have ContextTimeoutEnabled. timeout bounds each exchange; 0 is 2 s.
func NewReports(rdb redis.UniversalClient, timeout time.Duration) *Reports {
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return &Reports{rdb: rdb, timeout: timeout, relays: redis.NewScript(relaysSource)}
}

// WholeHours widens a time to what sums can tell apart, as far as it can be written.
func WholeHours(from, to time.Time) (time.Time, time.Time) {
	first, behind := hourRange(from, to)
	end := hourTime(behind)
	if end.After(billing.LastTime) {
		end = billing.LastTime
	}
	return hourTime(first), end
}

// hourRange is the first hour of a time, and the one after its last.
func hourRange(from, to time.Time) (first, behind int64) {
	return floorHour(from), floorHour(to.Add(time.Hour - time.Nanosecond))
}

// floorHour is the hour of a time, before 1970 too.
func floorHour(t time.Time) int64 { return t.Truncate(time.Hour).Unix() / secondsPerHour }

// tenants are all that have had records, in order, or the one that is asked for.
func (r *Reports) tenants(ctx context.Context, only string) ([]string, error) {
	if only != "" {
		return []string{only}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	tenants, err := r.rdb.SMembers(ctx, tenantsKey).Result()
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	slices.Sort(tenants)
	return tenants, nil
}

// hours are those in which a tenant has records, from first on and before behind.
func (r *Reports) hours(ctx context.Context, tenant string, first, behind int64) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	names, err := r.rdb.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: hoursKey(tenant), ByScore: true, Start: first, Stop: "(" + strconv.FormatInt(behind, 10),
	}).Result()
	if err != nil {
		return nil, err
	}
	return parseHours(names)
}

func parseHours(names []string) ([]int64, error) {
	hours := make([]int64, len(names))
	for i, name := range names {
		hour, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return nil, errStored
		}
		hours[i] = hour
	}
	return hours, nil
}
