package limits

import "time"

// claim is an idempotency key in use.
type claim struct {
	hash    keyHash
	first   First
	expires time.Time
	window  time.Duration
	index   int // in the heap
}

// claimHeap has the claim that expires first in front. It implements heap.Interface.
type claimHeap []*claim

// wait is the time until the first claim expires, as a RateError's RetryAfter. The heap is not empty.
func (h claimHeap) wait(now time.Time) time.Duration {
	left := h[0].expires.Sub(now)
	return max(left.Truncate(time.Millisecond)+time.Millisecond, time.Millisecond)
}

func (h claimHeap) Len() int           { return len(h) }
func (h claimHeap) Less(i, j int) bool { return h[i].expires.Before(h[j].expires) }

func (h claimHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface; x is a *claim.
func (h *claimHeap) Push(x any) {
	c := x.(*claim)
	c.index = len(*h)
	*h = append(*h, c)
}

// Pop implements heap.Interface.
func (h *claimHeap) Pop() any {
	old := *h
	last := len(old) - 1
	c := old[last]
	old[last] = nil
	*h = old[:last]
	return c
}
