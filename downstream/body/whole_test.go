package body

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay"
)

// keeper is a server that counts what waits.
type keeper struct {
	downstream.Server
	bytes int64
	full  bool
}

func (k *keeper) KeepWhole(bytes int64) bool {
	k.bytes += bytes
	return !k.full
}

// What waits for its end is bounded, in one answer and in all.
func TestSpeechOfKnownLengthIsBounded(t *testing.T) {
	tests := map[string]struct {
		pending int
		full    bool // all answers together have as much as they may
		code    string
	}{
		"the most":   {maxWhole, false, ""},
		"too much":   {maxWhole + 1, false, "text_too_long"},
		"among many": {1000, true, "too_many_generations"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &keeper{full: tt.full}
				a := &answer{
					control: http.NewResponseController(deadlines{}),
					speech:  &speech{Client: relay.Client{Key: &access.Key{}}, on: kept},
				}
				a.pending = make([]byte, tt.pending)
				err := a.keep(context.Background())
				var got *protocol.Error
				if errors.As(err, &got) != (tt.code != "") || got != nil && string(got.Code) != tt.code {
					t.Errorf("got %v, want %q", err, tt.code)
				}
				if a.letGo(); kept.bytes != 0 {
					t.Error("what was counted is not given back")
				}
			})
		})
	}
}

// deadlines is an answer that has some.
type deadlines struct{ http.ResponseWriter }

func (deadlines) SetWriteDeadline(time.Time) error { return nil }
