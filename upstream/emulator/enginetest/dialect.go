package enginetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator/engine"
)

// Dialect is how a vendor's transcripts are compared.
type Dialect struct {
	Vendor  engine.Vendor
	Files   string                          // the pattern of the transcripts' names in testdata; empty: all but those of its folders
	Options engine.Options                  // under which the emulator does what the transcripts show where the reference leaves it open
	Query   string                          // of a connection's address, where the transcript gives none
	Quirks  []string                        // what the transcripts show where an open line does not say otherwise, as name:value
	Stream  string                          // the field that names a frame's stream; only frames of one stream keep their order; empty: all do
	Fixed   []string                        // fields whose values must be the transcript's; they depend on neither the voice nor the clock
	Audio   func(frame map[string]any) bool // whether a frame is audio, of which there may be more than the transcript shows
	Flat    bool                            // fields within fields are named by their paths: see Flatten
	Codec   *Codec                          // of a vendor whose messages are no JSON; nil: they are
	Replace []string                        // pairs of what the transcripts say and what is played, to shorten waits
}

// Line is a line of a transcript: what was sent in which direction, or how a connection begins or ends.
type Line struct {
	Dir    string            `json:"dir"` // note, open, c2s or s2c
	Path   string            `json:"path"`
	Query  map[string]string `json:"query"`  // of the connection's address
	Header map[string]string `json:"header"` // of the upgrade
	Quirks []string          `json:"quirks"` // what the server's seed must have drawn, as name:value
	Packet string            `json:"packet"` // what stands before the frame, or instead of one
	Frame  json.RawMessage   `json:"frame"`
	Fault  string            `json:"fault"`  // what the server must be told to do for this answer
	Refuse int               `json:"refuse"` // HTTP status of the handshake
	Close  int               `json:"close"`  // close code from the side that Dir names
	Silent string            `json:"silent"` // for how long nothing comes, as time.ParseDuration has it
	Status int               `json:"status"` // of the answer to a request
	Type   string            `json:"type"`   // of its body
	End    string            `json:"end"`    // how that, or a connection without close codes, ends: whole or broken
}

// text is the text frame that the line tells of.
func (l Line) text() []byte { return append([]byte(l.Packet), l.Frame...) }

func (l Line) headers() http.Header {
	h := make(http.Header)
	for name, value := range l.Header {
		h.Set(name, value)
	}
	return h
}

// Seed is one that draws what a scene shows: the options' own where neither scene nor dialect asks for any.
func (d Dialect) Seed(t *testing.T, open Line) uint64 {
	t.Helper()
	want := slices.Clone(open.Quirks)
	for _, q := range d.Quirks {
		name, _, _ := strings.Cut(q, ":")
		if !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, name+":") }) {
			want = append(want, q)
		}
	}
	o, err := engine.Drawn(d.Vendor, d.Options, want...)
	if err != nil {
		t.Fatal(err)
	}
	return o.Seed
}
