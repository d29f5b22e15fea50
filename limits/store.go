package limits

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Store decides admission over all connections of a tenant. It is safe for concurrent use.
type Store interface {
	// Admit decides in one step, or refuses with a *DuplicateError, *TooManyError or *RateError, in that order
	// of precedence. ErrAway means that Redis, which decides for all relays, could not be asked, as a strict admission requires.
	Admit(ctx context.Context, a Admission) (Grant, error)
}

// Grant is an admission that stands until it is settled.
type Grant interface {
	// Heard says that audio has been sent, so that the idempotency key stays used though this relay may die. It
	// never waits.
	Heard()
	// Settle frees the slot, and keeps the state for later duplicates. Where no audio was heard it frees the
	// idempotency key instead. Only the first call counts.
	Settle(ctx context.Context, end State, heard bool) error
}

// Admission is what a generation asks for.
type Admission struct {
	// Tenant owns the request, and Key is the name of the API key that it came with.
	Tenant, Key string
	// RecordID is the relay's own id of the generation: unique, without spaces, and the owner of the slot and the
	// idempotency key.
	RecordID string
	// GenerationID is the client's id of it.
	GenerationID string
	// IdempotencyKey is empty where the client gave none.
	IdempotencyKey string
	// Limits are the tenant's.
	Limits Tenant
	// Window is how long the idempotency key counts as used.
	Window time.Duration
	// Strict refuses the generation where relays can't agree for now, rather than let this one decide alone.
	Strict bool
}

// ErrAway is why nothing was decided: what relays share can't be reached.
var ErrAway = errors.New("the store that relays share is away")

// State is how a generation stands.
type State string

// The states of a generation, as clients see them.
const (
	Running   State = "running"
	Completed State = "completed"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// First is the generation that used an idempotency key first.
type First struct {
	GenerationID, RecordID string
	State                  State
}

// DuplicateError refuses an idempotency key that is in use.
type DuplicateError struct{ First First }

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("idempotency_key was used before, by a generation that is %s", e.First.State)
}

// TooManyError refuses a generation while too many run.
type TooManyError struct {
	Most int
	// RetryAfter is when to ask again. When one of those that run will end is not known.
	RetryAfter time.Duration
}

// SlotRetry is how long to wait before asking again for a slot: those who wait notice soon that one is free, and don't
// flood the store with questions.
const SlotRetry = time.Second

func tooMany(bounds Tenant) *TooManyError {
	return &TooManyError{Most: bounds.MaxConcurrentGenerations, RetryAfter: SlotRetry}
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%d generations at once in this tenant", e.Most)
}

// RateError refuses a generation that comes too soon.
type RateError struct {
	// PerMinute is the rate that was exceeded; 0 where the store has no room for another idempotency key.
	PerMinute int
	// RetryAfter is when it would be admitted: whole milliseconds, at least one.
	RetryAfter time.Duration
}

func (e *RateError) Error() string {
	if e.PerMinute == 0 {
		return "too many idempotency keys in this tenant"
	}
	return fmt.Sprintf("%d generations a minute in this tenant", e.PerMinute)
}
