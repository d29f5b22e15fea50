package limits

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// secret keys the hashes of idempotency keys, so that what stands in Redis tells nothing of them to who sees a copy of one
// tenant's keys. It is set once in Redis by the relay that comes first, and read by all: relays may log in as different users.
type secret struct {
	key   string
	value atomic.Pointer[[]byte] // nil: not known yet
}

// ensure learns the secret where it is not known yet, within the patience. The error is ErrAway.
func (s *secret) ensure(ctx context.Context, l *link, tenant string) error {
	if s.value.Load() != nil {
		return nil
	}
	if l.isAway() {
		return ErrAway
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.patience)
	defer cancel()
	if err := s.agree(ctx, l.client); err != nil {
		l.lose(tenant, err)
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return nil
}

// agree makes the secret in Redis this relay's own. Where there is none, since no relay has been here before or Redis has lost
// it, it sets the one that it knows.
func (s *secret) agree(ctx context.Context, client redis.UniversalClient) error {
	own := []byte(rand.Text() + rand.Text())
	if known := s.value.Load(); known != nil {
		own = *known
	}
	agreed, err := s.setOrGet(ctx, client, own)
	if errors.Is(err, redis.Nil) { // Redis lost it between the two
		agreed, err = s.setOrGet(ctx, client, own)
	}
	if err != nil {
		return err
	}
	if len(agreed) == 0 {
		return errors.New("the secret in Redis is empty")
	}
	s.value.Store(&agreed)
	return nil
}

// setOrGet sets the secret where there is none, and returns the one that stands. SET with NX and GET would be one command, but
// needs Redis 7.
func (s *secret) setOrGet(ctx context.Context, client redis.UniversalClient, own []byte) ([]byte, error) {
	if err := client.SetNX(ctx, s.key, own, 0).Err(); err != nil {
		return nil, fmt.Errorf("set the secret: %w", err)
	}
	stands, err := client.Get(ctx, s.key).Bytes()
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	return stands, nil
}

// hash is what Redis keeps of an admission's idempotency key; empty where it has none. The secret is known.
func (s *secret) hash(a Admission) string {
	value := s.value.Load()
	if a.IdempotencyKey == "" || value == nil {
		return ""
	}
	hash := hashKey(*value, a.Tenant, a.IdempotencyKey)
	return string(hash[:])
}
