package ship

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/redis/go-redis/v9"
)

// sums makes the sums of a tenant's hours again from the streams.
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

// hour compares sums with the records of the same moment: what is added after the last of them does not count.
func (v *verifier) hour(ctx context.Context, at spot) error {
	v.verdict.Hours++
	got, last, err := v.snapshot(ctx, at)
	if err != nil {
		return err
	}
	want, twice := make(map[string]int64), 0
	if last != "" {
		if want, twice, err = v.addUp(ctx, at, last); err != nil {
			return err
		}
	}
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
	return nil
}

// snapshot reads an hour's sums and the last entry of its stream in one transaction; "" where there is none.
func (v *verifier) snapshot(ctx context.Context, at spot) (sums map[string]string, last string, err error) {
	ctx, cancel := context.WithTimeout(ctx, v.reports.timeout)
	defer cancel()
	var hash *redis.MapStringStringCmd
	var end *redis.XMessageSliceCmd
	_, err = v.reports.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		hash = p.HGetAll(ctx, sumsKey(at.tenant, at.hour))
		end = p.XRevRangeN(ctx, recordsKey(at.tenant, at.hour), "+", "-", 1)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, "", err
	}
	if messages := end.Val(); len(messages) > 0 {
		last = messages[0].ID
	}
	return hash.Val(), last, nil
}

// addUp adds up an hour's stream. twice counts the records, and the numbers, that occur more than once.
func (v *verifier) addUp(ctx context.Context, at spot, last string) (sums map[string]int64, twice int, err error) {
	sums = make(map[string]int64)
	numbers, ids := make(map[[2]string]bool), make(map[string]bool)
	err = v.reports.eachPage(ctx, at, last, func(entries []entry) error {
		for _, e := range entries {
			r, err := decodeRecord(e.record)
			if err != nil {
				return err
			}
			for _, share := range r.Shares() {
				addFields(sums, share)
			}
			number := [2]string{e.epoch, e.seq}
			if numbers[number] || ids[r.ID] {
				twice++
			}
			numbers[number], ids[r.ID] = true, true
		}
		return nil
	})
	return sums, twice, err
}
