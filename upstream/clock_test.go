package upstream_test

import (
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestClockCountsOverFormats(t *testing.T) {
	narrow, wide := audio.Format{Encoding: audio.MuLaw, Rate: 8000}, audio.Format{Encoding: audio.PCM16, Rate: 24000}
	c := upstream.Clock{Format: wide}
	for _, step := range []struct {
		frame upstream.Frame
		want  time.Duration
	}{
		{upstream.Frame{Format: wide, Raw: make([]byte, 48000)}, time.Second},
		{upstream.Frame{Format: narrow, Base64: []byte("AAAAAAAAAAA=")}, time.Second + time.Millisecond},
		{upstream.Frame{Format: wide, Raw: make([]byte, 24001)}, 1501 * time.Millisecond},
	} {
		c.Add(step.frame)
		if got := c.Now(); got != step.want {
			t.Errorf("Now = %v, want %v", got, step.want)
		}
	}
}

func TestClockFillsHalfASample(t *testing.T) {
	format := audio.Format{Encoding: audio.PCM16, Rate: 8000}
	for bytes, want := range []int{0, 1, 0, 1} {
		sink := upstreamtest.NewSink(t)
		c := upstream.Clock{Format: format}
		c.Add(upstream.Frame{Format: format, Raw: make([]byte, bytes)})
		c.Fill(sink)
		c.Fill(sink) // there is nothing left to complete
		sink.End(upstream.Usage{}, nil)
		if got := len(sink.Heard().Audio); got != want {
			t.Errorf("%d bytes: filled with %d, want %d", bytes, got, want)
		}
		if got := c.Now(); got != audio.Duration(int64(bytes+want)/2, format.Rate) {
			t.Errorf("%d bytes: Now = %v", bytes, got)
		}
	}
}
