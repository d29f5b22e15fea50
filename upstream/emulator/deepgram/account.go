package deepgram

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// Deepgram's limits. The first two are documented; the last bounds what the emulator keeps of a client that floods.
const (
	flushes    = 20 // in any window; one more is ignored
	window     = time.Minute
	maxWaiting = 1024 // texts and orders that have not been done
)

// charMicros is what a character is charged at, in millionths of a dollar: no price was verified, so this is a
// number for tests to compare.
const charMicros = 30

// emulator is that of wss://api.deepgram.com, with Aura's /v1/speak and Flux's /v2/speak.
type emulator struct {
	server   *engine.Server
	quirks   quirks
	requests atomic.Int64 // connections, which the vendor calls requests; their ids count up
	speeches atomic.Int64 // of Flux; their ids count up likewise
}

// settings are what an address asks for.
// All are the connection's: another voice needs another socket.
type settings struct {
	model  string
	format audio.Format
	speed  float64
}

// family is what models of a family have in common.
type family struct {
	prefix          string  // of its models' names
	usual           string  // the model where none is asked for; empty: one must be
	linear, compand []int   // sample rates of linear16, and of the other two encodings
	slowest         float64 // speed
	fastest         float64
}

// aura is the family of /v1/speak. The bounds of its speed are the emulator's own.
func aura() family {
	rates := []int{8000, 16000, 24000, 32000, 48000}
	return family{prefix: "aura-", usual: "aura-asteria-en", linear: rates, compand: rates, slowest: 0.5, fastest: 2}
}

// settings are a connection's, or why it is refused.
// The word before the key is Token. Names of the query that are not known are ignored. The emulator has no list of voices, so
// the family's name has to do.
func (d *emulator) settings(r *http.Request, f family) (s settings, status int, reason string) {
	if want := d.server.Options().APIKey; want != "" && !strings.EqualFold(r.Header.Get("Authorization"), "Token "+want) {
		return s, http.StatusUnauthorized, "Invalid credentials."
	}
	query := r.URL.Query()
	s = settings{model: cmp.Or(query.Get("model"), f.usual), speed: 1}
	if !strings.HasPrefix(s.model, f.prefix) {
		return s, http.StatusBadRequest, "No such model/language/tier combination found."
	}
	var ok bool
	if s.format, ok = f.format(query); !ok {
		return s, http.StatusBadRequest, "Unsupported audio format requested."
	}
	if text := query.Get("speed"); text != "" {
		speed, err := strconv.ParseFloat(text, 64)
		if err != nil || speed < f.slowest || speed > f.fastest {
			return s, http.StatusBadRequest, "Invalid speed."
		}
		s.speed = speed
	}
	return s, 0, ""
}

// format is the format that a query asks for.
// The default rate depends on the encoding: 24,000 Hz for linear16, 8,000 Hz for the other two.
func (m family) format(query url.Values) (f audio.Format, ok bool) {
	rates := m.compand
	switch query.Get("encoding") {
	case "", "linear16":
		rates = m.linear
		f = audio.Format{Encoding: audio.PCM16, Rate: 24000}
	case "mulaw":
		f = audio.Format{Encoding: audio.MuLaw, Rate: 8000}
	case "alaw":
		f = audio.Format{Encoding: audio.ALaw, Rate: 8000}
	default:
		return f, false
	}
	if text := query.Get("sample_rate"); text != "" {
		rate, err := strconv.Atoi(text)
		if err != nil || !slices.Contains(rates, rate) {
			return f, false
		}
		f.Rate = rate
	}
	return f, true
}
