package sound

import (
	"iter"
	"slices"

	"voicerelay/audio"
)

// Held is audio that came and is not sent yet, oldest first. The zero value is empty.
type Held struct {
	frames  []heldFrame
	samples int64
	spare   [][]byte // buffers to use again
}

// heldFrame is a payload in a buffer of its own.
type heldFrame struct {
	Payload
	buf []byte
}

// IsEmpty reports whether nothing is held.
func (h *Held) IsEmpty() bool { return len(h.frames) == 0 }

// Samples is how much is held.
func (h *Held) Samples() int64 { return h.samples }

// First is the oldest frame. There must be one.
func (h *Held) First() Payload { return h.frames[0].Payload }

// Frames are how many samples each frame has.
func (h *Held) Frames() iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		for i, f := range h.frames {
			if !yield(i, f.Samples) {
				return
			}
		}
	}
}

// Push keeps a copy of a payload.
func (h *Held) Push(p Payload) {
	var buf []byte
	if n := len(h.spare); n > 0 {
		buf, h.spare = h.spare[n-1], h.spare[:n-1]
	}
	f := heldFrame{Payload: p}
	if p.Base64 != nil {
		f.buf = append(buf[:0], p.Base64...)
		f.Base64 = f.buf
	} else {
		f.buf = append(buf[:0], p.Raw...)
		f.Raw = f.buf
	}
	h.frames = append(h.frames, f)
	h.samples += p.Samples
}

// Pop hands the oldest frame to emit. It is valid during the call only.
func (h *Held) Pop(emit func(Payload)) {
	f := h.frames[0]
	h.frames = slices.Delete(h.frames, 0, 1)
	h.samples -= f.Samples
	emit(f.Payload)
	h.spare = append(h.spare, f.buf)
}

// Flush hands all of it to emit.
func (h *Held) Flush(emit func(Payload)) {
	for !h.IsEmpty() {
		h.Pop(emit)
	}
}

// Drop forgets all of it.
func (h *Held) Drop() { *h = Held{} }

// Split takes so many samples off the oldest frame, faded to silence if that is wanted. They are valid until the next Pop.
func (h *Held) Split(f audio.Format, keep int64, fade bool) (head Payload, ok bool) {
	first := &h.frames[0]
	raw, err := first.bytes()
	if err != nil {
		return Payload{}, false // can't be: it decoded when it came
	}
	at := int(keep) * f.BytesPerSample()
	kept, rest := raw[:at], raw[at:]
	if fade {
		n := min(len(kept), crossfadeSamples(f.Rate)*f.BytesPerSample())
		audio.Ramp(f, kept[len(kept)-n:], 1, 0)
	}
	head = Payload{Raw: kept, Samples: keep, At: first.At}
	first.Payload = Payload{Raw: rest, Samples: first.Samples - keep, At: first.At}
	h.samples -= keep
	return head, true
}
