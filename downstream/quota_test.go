package downstream

import (
	"strings"
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/limits"
)

// A client reads in a refusal how many it may have, as a number.
func TestRefusalsOfAQuotaNameItsNumbers(t *testing.T) {
	q, now := NewQuota(limits.Config{MaxConcurrentGenerations: 2, GenerationsPerMinute: 7, ConnectionsPerMinute: 3}), time.Now()
	for want, ask := range map[string]func() *protocol.Error{
		"2 generations at once":      func() *protocol.Error { _, err := q.Enter(); return err },
		"20 generations at once":     func() *protocol.Error { _, err := q.EnterOther(); return err },
		"7 generations a minute":     func() *protocol.Error { return q.Pace(now) },
		"3 new connections a minute": func() *protocol.Error { return q.Connect(now) },
	} {
		var refused *protocol.Error
		for n := 0; n < 30 && refused == nil; n++ {
			refused = ask()
		}
		if refused == nil || !strings.HasPrefix(refused.Message, want) {
			t.Errorf("refused with %v, want %q", refused, want)
		}
	}
}
