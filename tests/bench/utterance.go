package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// utterances are those of a vendor that nobody has taken yet.
type utterances struct {
	mu     sync.Mutex
	spoken map[int][]*utterance // by the number in its text; guarded by mu
}

// begin notes that an utterance is being spoken.
func (us *utterances) begin(number int) *utterance {
	u := &utterance{over: make(chan struct{})}
	us.mu.Lock()
	defer us.mu.Unlock()
	us.spoken[number] = append(us.spoken[number], u)
	return u
}

// take forgets an utterance and returns what was spoken under its number, once the vendor is through with it.
func (us *utterances) take(ctx context.Context, number int) ([]*utterance, error) {
	us.mu.Lock()
	spoken := us.spoken[number]
	delete(us.spoken, number)
	us.mu.Unlock()
	for _, u := range spoken {
		select {
		case <-u.over:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the vendor to end utterance %d: %w", number, ctx.Err())
		}
	}
	return spoken, nil
}

// utterance is what the vendor noted of one context. It may be read once over is closed.
type utterance struct {
	over      chan struct{}
	frames    int             // sent
	late      []time.Duration // how late each of them was, by the vendor's own schedule
	cancelled time.Duration   // when the order to stop came; 0: none did
}
