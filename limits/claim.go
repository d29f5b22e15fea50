package limits

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"
)

// keyHash is a keyed hash of an idempotency key: 128 bits, so that no two keys ever meet.
type keyHash [16]byte

// hashKey is the stored form of a tenant's idempotency key.
func hashKey(secret []byte, tenant, key string) keyHash {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(tenant))
	mac.Write([]byte{0}) // names have no NUL, so no two pairs run together
	mac.Write([]byte(key))
	return keyHash(mac.Sum(nil)[:len(keyHash{})])
}

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
