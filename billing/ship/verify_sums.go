package ship

import (
	"context"
	"fmt"
	"maps"

	"github.com/redis/go-redis/v9"
)

// tries is how often an hour is read that changes meanwhile.
const tries = 10

// sums makes the sums of a tenant's hours anew from the streams.
func (v *verifier) sums(ctx context.Context, tenant string) error {
	hours, err := v.reports.hours(ctx, tenant, v.since, farHour)
	if err != nil {
		return err
	}
	for _, hour := range hours {
		if err := v.hour(ctx, spot{hour, tenant}); err != nil {
			return err
		}
	}
	return nil
}

// hour reads the sums before and after the records: where they are the same, no run came in between.
func (v *verifier) hour(ctx context.Context, at spot) error {
	v.verdict.Hours++
	before, err := v.reports.readSums(ctx, at.tenant, []int64{at.hour})
	if err != nil {
		return err
	}
	for range tries {
		want, twice, err := v.addUp(ctx, at)
		if err != nil {
			return err
		}
		after, err := v.reports.readSums(ctx, at.tenant, []int64{at.hour})
		if err != nil {
			return err
		}
		if maps.Equal(before[0], after[0]) {
			v.judge(at, want, after[0], twice)
			return nil
		}
		before = after
	}
	v.fault("tenant %s, hour %s: changes too fast to be added up", at.tenant, hourName(at.hour))
	return nil
}

func (v *verifier) judge(at spot, want map[string]int64, got map[string]string, twice int) {
	if twice > 0 {
		v.fault("tenant %s, hour %s: %d records are there twice", at.tenant, hourName(at.hour), twice)
	}
	sums := make(map[string]string, len(want))
	for name, n := range want {
		sums[name] = fmt.Sprint(n)
	}
	if !maps.Equal(sums, got) {
		v.fault("tenant %s, hour %s: the sums are not those of the records", at.tenant, hourName(at.hour))
	}
}

// addUp reads an hour's stream. twice counts the numbers that occur more than once.
func (v *verifier) addUp(ctx context.Context, at spot) (sums map[string]int64, twice int, err error) {
	sums = make(map[string]int64)
	seen := make(map[[2]string]bool)
	for start := "-"; ; {
		messages, err := v.page(ctx, at, start)
		if err != nil {
			return nil, 0, err
		}
		for _, m := range messages {
			e := entryOf(place{spot: at, entry: m.ID}, m)
			r, err := decodeRecord(e.record)
			if err != nil {
				return nil, 0, err
			}
			for _, share := range r.Shares() {
				addFields(sums, share)
			}
			if number := [2]string{e.epoch, e.seq}; seen[number] {
				twice++
			} else {
				seen[number] = true
			}
		}
		if len(messages) < verifyPage {
			return sums, twice, nil
		}
		start = "(" + messages[len(messages)-1].ID
	}
}

func (v *verifier) page(ctx context.Context, at spot, start string) ([]redis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, v.reports.timeout)
	defer cancel()
	return v.reports.rdb.XRangeN(ctx, recordsKey(at.tenant, at.hour), start, "+", verifyPage).Result()
}
