package sound

import (
	"bytes"
	"encoding/base64"
	"testing"

	"pgregory.net/rapid"
)

// What is held comes out as it went in, in order, whatever became of the vendor's buffers meanwhile.
func TestHeldKeepsItsOwnCopies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var h Held
		var want, got []byte
		take := func(p Payload) {
			raw, err := p.bytes()
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, raw...)
		}
		vendor := make([]byte, 0, 64)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			if !h.IsEmpty() && rapid.Bool().Draw(rt, "pop") {
				h.Pop(take)
				continue
			}
			raw := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(rt, "frame")
			want = append(want, raw...)
			vendor = append(vendor[:0], raw...)
			p := Payload{Raw: vendor, Samples: int64(len(raw))}
			if rapid.Bool().Draw(rt, "base64") {
				vendor = base64.StdEncoding.AppendEncode(vendor[:0], raw)
				p = Payload{Base64: vendor, Samples: int64(len(raw))}
			}
			h.Push(p)
			clear(vendor)
		}
		h.Flush(take)
		if !bytes.Equal(got, want) || h.samples != 0 {
			rt.Fatalf("got %x and %d samples held, want %x", got, h.samples, want)
		}
	})
}
