package zeligate

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"testing"

	"voicerelay/upstream/upstreamtest"
)

// tone is a soft tone of so many bytes, which may end in the middle of a sample.
func tone(size int, step float64) []byte {
	var data []byte
	for i := 0; len(data) < size; i++ {
		v := int16(600 * math.Sin(step*float64(i+1)))
		data = append(data, byte(v), byte(uint16(v)>>8))
	}
	return data[:size]
}

// The vendor marks no pieces. One that ends in the middle of a sample does not shift those after it, however the vendor
// cuts its frames; and a frame that ends there in mid-piece shifts nothing either.
func TestPiecesBeginAnew(t *testing.T) {
	for _, size := range []int{401, 1000, 1601, 16001} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			r := newReader(t)
			sink := upstreamtest.NewSink(t)
			s, mux := r.open(t, sink, false)
			var want []byte
			for piece, bytes := range []int{16001, 16000, 8003, 12000} {
				audio := tone(bytes, 0.05*float64(piece+1))
				if want = append(want, audio...); len(want)%2 != 0 {
					want = append(want, 0)
				}
				for frame := range slices.Chunk(audio, size) {
					data := fmt.Appendf(nil, `{"audio":%q,"isFinal":null}`, base64.StdEncoding.EncodeToString(frame))
					if err := (&dialect{}).Frame(mux, false, data); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := sink.Heard().Audio; !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, want %d, or others", len(got), len(want))
			}
			s.end(nil)
		})
	}
}
