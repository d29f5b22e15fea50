package ship

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// writeBeat says how things stand. Where the heartbeat before is gone, Redis lost something: then the one that is written
// says that any record may be lacking, and errLost has the marks read again.
func (s *Shipper) writeBeat(ctx context.Context) error {
	s.count()
	if s.originalInUse {
		return nil // the name is another's
	}
	stored := storedBeat{Epoch: s.cfg.Epoch, Unshipped: s.Unshipped()}
	doubtful := stored
	if !s.oldest.IsZero() {
		stored.OldestMS = s.oldest.UnixMilli()
	}
	first := s.lastBeat == ""
	if first {
		doubtful = stored // there is none before, and the marks were just read
	}
	raw, _ := json.Marshal(stored) // numbers and strings always encode
	rawDoubtful, _ := json.Marshal(doubtful)

	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	asked := time.Now()
	answer, err := s.beat.Run(ctx, s.rdb, []string{relaysKey}, s.cfg.Relay, s.lastBeat, raw, rawDoubtful).Slice()
	if err != nil {
		return fmt.Errorf("write heartbeat: %w", err)
	}
	if len(answer) != 2 {
		return errStored
	}
	s.lastBeat, _ = answer[0].(string)
	ms, _, _ := strings.Cut(s.lastBeat, " ")
	if server, err := parseMS(ms); err == nil { // what beat.lua wrote
		s.compareClocks(asked, server)
	}
	if kept, _ := answer[1].(int64); kept == 1 || first {
		return nil
	}
	s.oldest, s.checkedAt = time.Time{}, time.Time{}
	return errLost
}
