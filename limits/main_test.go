package limits_test

import (
	"context"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

// quiet drops what the Redis client logs by itself: that a Redis which was stopped can't be reached.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	if addr := os.Getenv(holdEnv); addr != "" {
		hold(addr)
	}
	redis.SetLogger(quiet{})
	goleak.VerifyTestMain(m)
}
