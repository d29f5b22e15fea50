package deepgram

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

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

// Vendor is the emulator of Deepgram.
var Vendor = engine.Vendor{Name: "deepgram", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	d := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/speak", d.connect)
	return mux, d.quirks
}

// connect checks key and query and serves a connection until it ends. Both fail the upgrade.
// A bad key or query fails with a status of 4xx and the headers dg-error and dg-request-id (Deepgram's docs, TTS WebSocket,
// Errors). Everything that can be wrong with a voice or a format is known by then.
func (d *emulator) connect(w http.ResponseWriter, r *http.Request) {
	request := fmt.Sprintf("request-%d", d.requests.Add(1))
	settings, status, reason := d.settings(r)
	w.Header().Set("dg-request-id", request)
	if status != 0 {
		d.server.Note(func(st *engine.Stats) { st.Refused++ })
		w.Header().Set("dg-error", reason)
		http.Error(w, reason, status)
		return
	}
	socket, ok := d.server.Accept(w, r)
	if !ok {
		return
	}
	stop := context.AfterFunc(d.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	newConnection(d, socket, request, settings).serve()
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

// closeReason is a close code with the vendor's name for its cause.
// The codes and names are those of Deepgram's docs, TTS WebSocket, Errors: 1003 for a message that can't be read, 1008 for
// data, 1009 for size, and 1011 for the network, which alone is worth another try.
type closeReason struct {
	code   websocket.StatusCode
	reason string
}

func unparsable() closeReason {
	return closeReason{websocket.StatusUnsupportedData, "MESSAGE-0000"}
}

func badData() closeReason {
	return closeReason{websocket.StatusPolicyViolation, "DATA-0000"}
}

func tooBig() closeReason {
	return closeReason{websocket.StatusMessageTooBig, "BIG-0000"}
}
