package vendorsocket

import "sync/atomic"

// maxAhead is how many bytes all streams of a provider may hold of what came ahead of its turn: the whole second piece of
// 250 streams, at a megabyte each.
const maxAhead = 256 << 20

// Ahead counts what a provider's streams hold together of what came ahead of its turn. The zero value holds nothing; nil
// bounds nothing. It is safe for concurrent use.
type Ahead struct{ held atomic.Int64 }

// Take notes that so many bytes more are held, and reports false where that is too much: then they must not be.
func (a *Ahead) Take(bytes int) bool {
	if a == nil || a.held.Add(int64(bytes)) <= maxAhead {
		return true
	}
	a.Give(bytes)
	return false
}

// Give notes that so many bytes are held no more.
func (a *Ahead) Give(bytes int) {
	if a != nil {
		a.held.Add(-int64(bytes))
	}
}

// Held counts what one stream holds of what came ahead of its turn.
type Held struct {
	// All is what the provider's streams hold together.
	All *Ahead
	// Most is how many bytes the stream may hold.
	Most int

	size int
}

// Take notes that so many bytes more are held, and reports false where that is too much: then they must not be.
func (h *Held) Take(bytes int) bool {
	if h.size+bytes > h.Most || !h.All.Take(bytes) {
		return false
	}
	h.size += bytes
	return true
}

// Give notes that so many bytes are held no more.
func (h *Held) Give(bytes int) {
	h.size -= bytes
	h.All.Give(bytes)
}

// Drop notes that nothing is held any more.
func (h *Held) Drop() { h.Give(h.size) }

// Size is how many bytes the stream holds.
func (h *Held) Size() int { return h.size }

// Held is how many bytes are held now.
func (a *Ahead) Held() int64 { return a.held.Load() }
