package ship

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silence{})
	goleak.VerifyTestMain(m)
}

// silence keeps the client's lines on servers that the tests kill out of their output.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
