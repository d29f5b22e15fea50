package ship

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// readMarks asks for the marks of streams of the ledger, and names their tenants and epochs.
func (s *Shipper) readMarks(ctx context.Context, of iter.Seq[stream]) (map[stream]int64, error) {
	byTenant := make(map[string][]stream)
	for at := range of {
		byTenant[at.tenant] = append(byTenant[at.tenant], at)
	}
	var questions [][]stream // each of one tenant, hence of one slot
	for _, tenant := range slices.Sorted(maps.Keys(byTenant)) {
		questions = slices.AppendSeq(questions, slices.Chunk(byTenant[tenant], keysAtOnce))
	}
	marks := make(map[stream]int64)
	for some := range slices.Chunk(questions, commandsAtOnce) {
		if err := s.askMarks(ctx, some, marks); err != nil {
			return nil, fmt.Errorf("read marks: %w", err)
		}
	}
	return marks, nil
}

func (s *Shipper) askMarks(ctx context.Context, questions [][]stream, marks map[stream]int64) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	answers := make([]*redis.SliceCmd, len(questions))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, epoch := range epochsOf(questions) {
			s.nameEpoch(ctx, p, epoch)
		}
		for i, streams := range questions {
			p.SAdd(ctx, tenantsKey, streams[0].tenant)
			keys := make([]string, len(streams))
			for j, at := range streams {
				keys[j] = markKey(at)
			}
			answers[i] = p.MGet(ctx, keys...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, streams := range questions {
		if len(answers[i].Val()) != len(streams) {
			return errStored
		}
		for j, value := range answers[i].Val() {
			if marks[streams[j]], err = parseMark(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// epochsOf are the epochs of streams, each once.
func epochsOf(questions [][]stream) []string {
	seen := make(map[string]bool)
	for _, at := range slices.Concat(questions...) {
		seen[at.epoch] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// parseMark takes a mark that is not there as 0.
func parseMark(value any) (int64, error) {
	if value == nil {
		return 0, nil
	}
	text, _ := value.(string)
	mark, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errStored
	}
	return mark, nil
}

// nameEpoch has Redis know that an epoch is of this ledger, before it has records of it. Those whose records are over go.
func (s *Shipper) nameEpoch(ctx context.Context, p redis.Pipeliner, epoch string) {
	if s.cfg.Relay == "" || s.originalInUse {
		return
	}
	key, now := epochsKey(s.cfg.Relay), time.Now()
	p.ZAddNX(ctx, key, redis.Z{Score: float64(now.Unix()), Member: epoch})
	p.ZRemRangeByScore(ctx, key, "-inf", fmt.Sprint(now.Add(-s.cfg.Retention-markSlack).Unix()))
	p.Expire(ctx, key, s.cfg.Retention+markSlack)
}

// markSlack is how much longer than records Redis keeps marks, and the names of epochs; apply.lua says so too.
const markSlack = 30 * 24 * time.Hour
