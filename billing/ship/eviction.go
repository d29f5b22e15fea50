package ship

import (
	"context"
	"strings"
)

// warnOfEviction tells the operator, once, of a Redis that may throw away sums while it keeps the mark: nothing would notice.
func (s *Shipper) warnOfEviction(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	info, err := s.rdb.Info(ctx, "memory").Result()
	if err != nil {
		return // some hosted ones refuse it, and shipping doesn't need it
	}
	if policy := infoField(info, "maxmemory_policy"); policy != "" && policy != "noeviction" && infoField(info, "maxmemory") != "0" {
		s.cfg.Log.Warn().Str("maxmemory_policy", policy).Msg("redis may evict usage: set maxmemory-policy noeviction")
	}
}

// infoField is a line's value in the answer to INFO.
func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
