package vendorhttp

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

var pcm24 = audio.Format{Encoding: audio.PCM16, Rate: 24000}

// heardSamples are what came out of Samples.
type heardSamples struct {
	audio  []byte
	format audio.Format
	bare64 int // frames that went on as base64
}

func (h *heardSamples) take(f upstream.Frame) {
	raw := f.Raw
	if f.Base64 != nil {
		raw, _ = base64.StdEncoding.DecodeString(string(f.Base64))
		h.bare64++
	}
	h.audio, h.format = append(h.audio, raw...), f.Format
}

func file(rate int, samples string) string { return string(audio.WAVHeader(rate)) + samples }

// A body is what it turns out to be, however it is cut.
func TestSamples(t *testing.T) {
	known := []byte(file(16000, "abcdef"))
	audio.SetWAVLength(known)
	for name, c := range map[string]struct {
		body string
		bare audio.Format
		want string
		of   audio.Format
		kind upstream.Kind
	}{
		"bare samples":                  {body: "abcdefgh", bare: pcm24, want: "abcdefgh", of: pcm24},
		"a sample":                      {body: "ab", bare: pcm24, want: "ab", of: pcm24},
		"nothing":                       {bare: pcm24},
		"nothing of a file":             {},
		"a file":                        {body: file(22050, "abcdef"), want: "abcdef", of: audio.Format{Encoding: audio.PCM16, Rate: 22050}},
		"a file for samples":            {body: file(22050, "abcdef"), bare: pcm24, want: "abcdef", of: audio.Format{Encoding: audio.PCM16, Rate: 22050}},
		"a file of a length":            {body: string(known) + "LIST\x04\x00\x00\x00INFO", want: "abcdef", of: audio.Format{Encoding: audio.PCM16, Rate: 16000}},
		"a header alone":                {body: file(24000, "")},
		"samples for a file":            {body: "abcdefgh", kind: upstream.Garbled},
		"samples for a file, too short": {body: "ab", kind: upstream.Garbled},
		"a file that ends too early":    {body: file(24000, "")[:30], bare: pcm24, kind: upstream.Garbled},
		"a file of an odd rate":         {body: file(12345, "ab"), kind: upstream.Garbled},
		"a file of another kind":        {body: "RIFF\x00\x00\x00\x00AVI LIST", bare: pcm24, kind: upstream.Garbled},
		"MP3":                           {body: "ID3\x04\x00 and so on", bare: pcm24, kind: upstream.Garbled},
		"Ogg":                           {body: "OggS\x00 and so on", bare: pcm24, kind: upstream.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 3, 5, 1000} {
				for _, encoded := range []bool{false, true} {
					var h heardSamples
					s := &Samples{Out: NewAnswer(nil, nil, h.take), Format: c.bare}
					fault := feed(s, c.body, size, encoded)
					if upstreamKind(fault) != c.kind || c.kind == "" && (string(h.audio) != c.want || h.format != c.of) {
						t.Errorf("by %d, base64 %t: got %q of %v and %v, want %q of %v", size, encoded, h.audio, h.format, fault, c.want, c.of)
					}
				}
			}
		})
	}
}

// feed gives Samples a body in pieces of so many bytes.
func feed(s *Samples, body string, size int, encoded bool) *upstream.Error {
	for len(body) > 0 {
		n := min(size, len(body))
		data := []byte(body[:n])
		take := s.Take
		if encoded {
			data, take = []byte(base64.StdEncoding.EncodeToString(data)), s.TakeBase64
		}
		if fault := take(data); fault != nil {
			return fault
		}
		body = body[n:]
	}
	return s.End()
}

// upstreamKind is a fault's kind; empty: there is none.
func upstreamKind(fault *upstream.Error) upstream.Kind {
	if fault == nil {
		return ""
	}
	return fault.Kind
}

// Base64 of bare samples goes on as it came.
func TestBareBase64IsNotDecoded(t *testing.T) {
	var h heardSamples
	s := &Samples{Out: NewAnswer(nil, nil, h.take), Format: pcm24}
	if fault := feed(s, "abcdefghijklmnopqrstuvwxyz", 9, true); fault != nil || h.bare64 != 3 {
		t.Errorf("got %v and %d frames as they came, want 3", fault, h.bare64)
	}
	if fault := (&Samples{Out: NewAnswer(nil, nil, h.take)}).TakeBase64([]byte("no base64!")); upstreamKind(fault) != upstream.Garbled {
		t.Errorf("what is no base64: got %v", fault)
	}
}

// endless is a body of silence.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return min(len(p), 4800), nil }

func TestSamplesAllocateNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	a := NewAnswer(http.Header{}, endless{}, sink.Audio)
	s := &Samples{Out: a, Format: pcm24}
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return readOne(a, s) })
}

func readOne(a *Answer, s *Samples) *upstream.Error {
	data, fault := a.next()
	if fault != nil {
		return fault
	}
	return s.Take(data)
}

func BenchmarkSamples(b *testing.B) {
	a := NewAnswer(http.Header{}, endless{}, (&upstreamtest.Quiet{}).Audio)
	s := &Samples{Out: a, Format: pcm24}
	upstreamtest.BenchFrame(b, make([]byte, 4800), func() *upstream.Error { return readOne(a, s) })
}

func FuzzSamples(f *testing.F) {
	f.Add([]byte(file(24000, "abcd")), true, 3)
	f.Add([]byte("abcd"), false, 1)
	f.Fuzz(func(t *testing.T, body []byte, isFile bool, size int) {
		var h heardSamples
		s := &Samples{Out: NewAnswer(nil, nil, h.take)}
		if !isFile {
			s.Format = pcm24
		}
		fault := feed(s, string(body), max(1, size), false)
		if fault == nil && h.format != (audio.Format{}) && h.format.Validate() != nil {
			t.Errorf("audio of %v", h.format)
		}
		if !bytes.Contains(body, h.audio) {
			t.Errorf("%q came of %q", h.audio, body)
		}
	})
}
