package deepgram

import (
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

// emulator is that of Aura's wss://api.deepgram.com/v1/speak.
type emulator struct {
	server   *engine.Server
	quirks   quirks
	requests atomic.Int64 // connections, which the vendor calls requests; their ids count up
}

// settings are what an address asks for.
// All are the connection's: another voice needs another socket.
type settings struct {
	model  string
	format audio.Format
	speed  float64
}

// settings are a connection's, or why it is refused.
// The word before the key is Token. Names of the query that are not known are ignored. The emulator has no list of voices, so
// the family's name has to do; the bounds of speed are its own.
func (d *emulator) settings(r *http.Request) (s settings, status int, reason string) {
	if want := d.server.Options().APIKey; want != "" && !strings.EqualFold(r.Header.Get("Authorization"), "Token "+want) {
		return s, http.StatusUnauthorized, "Invalid credentials."
	}
	query := r.URL.Query()
	s = settings{model: query.Get("model"), speed: 1}
	if s.model == "" {
		s.model = "aura-asteria-en"
	}
	if !strings.HasPrefix(s.model, "aura-") {
		return s, http.StatusBadRequest, "No such model/language/tier combination found."
	}
	var ok bool
	if s.format, ok = format(query); !ok {
		return s, http.StatusBadRequest, "Unsupported audio format requested."
	}
	if text := query.Get("speed"); text != "" {
		speed, err := strconv.ParseFloat(text, 64)
		if err != nil || speed < 0.5 || speed > 2 {
			return s, http.StatusBadRequest, "Invalid speed."
		}
		s.speed = speed
	}
	return s, 0, ""
}

// format is the format that a query asks for.
// The default rate depends on the encoding: 24,000 Hz for linear16, 8,000 Hz for the other two.
func format(query url.Values) (f audio.Format, ok bool) {
	switch query.Get("encoding") {
	case "", "linear16":
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
		if err != nil || !slices.Contains([]int{8000, 16000, 24000, 32000, 48000}, rate) {
			return f, false
		}
		f.Rate = rate
	}
	return f, true
}
