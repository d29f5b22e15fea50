package zeligate

import (
	"context"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Zeligate has no limits of its own on concurrency, and no price: it stands on its customer's machine. Its one number,
// the text that a stream may have, is not given.
const inactivity = 20 * time.Second // where there is a limit: that of the protocol that it mirrors

// telling is how errors look on the socket, which the reference leaves open.
type telling string

const (
	tellDetail telling = "detail" // the HTTP envelope as a frame
	tellFlat   telling = "flat"   // message, error and code, as in the protocol that it mirrors
	tellBare   telling = "bare"   // a close without a word
)

// hold is for how long a socket has the engine, which speaks for one at a time.
type hold string

const (
	holdChunk  hold = "chunk"  // while a chunk of text is spoken
	holdSpeech hold = "speech" // from the first chunk to the end
	holdStream hold = "stream" // from BOS to the end
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	telling        telling
	staysOpen      bool          // the socket stays open after an error frame, but for flat ones
	closeCode      int           // of a close because of an error, but for flat ones
	upgradeErrors  bool          // what the address tells is checked at the upgrade, with an HTTP status; else at BOS
	headerKey      bool          // the Authorization header counts on the socket too
	strictVoices   bool          // the operator has switched them on: an unknown voice is an error
	namesVoice     bool          // the upgrade's answer names the voice that is used
	strictBOS      bool          // a first message that is not a single space is an error
	clamps         bool          // settings out of their range are drawn into it rather than refused
	finalCloses    bool          // the server closes the socket after the final frame
	idles          bool          // a socket that nothing is said to ends
	emptyFlushEnds bool          // an empty text with a flush is EOS
	triggerMinimum int           // characters that a trigger needs
	schedule       []int         // where BOS has none
	maxCharacters  int           // of a stream
	workers        int           // engines behind the router
	hold           hold          // of the engine
	lingers        bool          // an engine speaks its chunk to the end though the client has gone
	chunk          time.Duration // audio of a frame
}

func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x7a656c69))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		telling:       []telling{tellDetail, tellFlat, tellBare}[r.IntN(3)],
		closeCode:     []int{1000, 1008, 1011}[r.IntN(3)],
		upgradeErrors: flip(), headerKey: flip(), strictVoices: flip(), namesVoice: flip(), strictBOS: flip(), clamps: flip(),
		finalCloses: flip(), idles: flip(), emptyFlushEnds: flip(), staysOpen: flip(), lingers: flip(),
		triggerMinimum: []int{1, 50}[r.IntN(2)],
		schedule:       [][]int{{120, 160, 250, 290}, {50}}[r.IntN(2)],
		maxCharacters:  []int{5000, 10000, 40000}[r.IntN(3)],
		workers:        1 + r.IntN(2),
		hold:           []hold{holdChunk, holdSpeech, holdStream}[r.IntN(3)],
		chunk:          time.Duration(100+10*r.IntN(16)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}

// emulator is that of a customer's ZeliSpeech box.
type emulator struct {
	server  *engine.Server
	quirks  quirks
	engines chan struct{} // holds a token for each engine at work
	sockets atomic.Int64  // numbers them, for the wire has no ids
}

// Vendor is the emulator of Zeligate.
var Vendor = engine.Vendor{Name: "zeligate", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	z := &emulator{server: s, quirks: drawQuirks(s.Options())}
	z.engines = make(chan struct{}, z.quirks.workers)
	mux := http.NewServeMux() // multi-stream-input is not implemented yet, so it is not found
	mux.HandleFunc("GET /v1/text-to-speech/{voice_id}/stream-input", z.connect)
	return mux, z.quirks
}

// connect checks what the address tells and serves a connection until it ends.
// TLS ends in front of the box, which itself speaks plain HTTP. model_id and other names of the query are ignored (Zeligate's
// docs).
func (z *emulator) connect(w http.ResponseWriter, r *http.Request) {
	address, wrong := z.read(r)
	if fault := z.server.CurrentFault(); fault.Kind == engine.Refuse && fault.Code < 1000 {
		wrong = status(fault.Code)
	} else if !z.quirks.upgradeErrors {
		address.wrong, wrong = wrong, nil
	}
	if wrong != nil {
		z.server.Note(func(st *engine.Stats) { st.Refused++ })
		wrong.respond(w)
		return
	}
	if z.quirks.namesVoice {
		w.Header().Set("x-zeli-voice", address.voice)
	}
	conn, ok := z.server.Accept(w, r)
	if !ok {
		return
	}
	z.serve(conn, address)
}

// address is what a connection's address and headers say.
type address struct {
	voice  string
	format engine.OutputFormat
	proven bool     // by a key
	wrong  *failure // that is told at BOS; nil: nothing
}

func (z *emulator) read(r *http.Request) (a address, wrong *failure) {
	query := r.URL.Query()
	key := query.Get("authorization")
	if key == "" && z.quirks.headerKey {
		key = r.Header.Get("Authorization")
	}
	if key != "" { // else it has to come in BOS
		if wrong = z.checkKey(key); wrong != nil {
			return a, wrong
		}
		a.proven = true
	}
	var ok bool
	if a.format, ok = engine.OutputFormatOf(query.Get("output_format")); !ok {
		return a, badFormat()
	}
	if a.voice, ok = voiceOf(r.PathValue("voice_id")); !ok && z.quirks.strictVoices {
		return a, noVoice()
	}
	return a, nil
}

// checkKey is what is wrong with a key, which has its scheme before it; nil: nothing.
// With neither ZELI_API_KEY nor ZELI_API_KEYS set, the box is open (Zeligate's docs, Authentication).
func (z *emulator) checkKey(authorization string) *failure {
	want := z.server.Options().APIKey
	if want == "" {
		return nil // the box is open
	}
	key, ok := strings.CutPrefix(authorization, "Bearer ")
	switch {
	case authorization == "":
		return noKey()
	case !ok || key != want:
		return badKey()
	}
	return nil
}

// legacyVoice looks like an id of the vendor whose protocol is mirrored. Well-known ones have a voice here.
var legacyVoice = regexp.MustCompile(`^[0-9A-Za-z]{20}$`)

// voiceOf is the voice that speaks for an id, and whether the id is known.
// An unknown voice becomes the default one, unless the operator sets ZELI_EL_STRICT_VOICES (Zeligate's docs, Voices); HTTP
// answers name the voice in x-zeli-voice.
func voiceOf(id string) (voice string, known bool) {
	const usual = "zeli-voice-1"
	number, own := strings.CutPrefix(id, "zeli-voice-")
	switch {
	case own && slices.Contains([]string{"1", "2", "3", "4", "5", "6"}, number), strings.HasPrefix(id, "custom-"):
		return id, true
	default:
		return usual, legacyVoice.MatchString(id)
	}
}

func (z *emulator) serve(conn *websocket.Conn, address address) {
	z.server.Note(func(st *engine.Stats) { st.Sockets++; st.OpenSockets++ })
	ctx, cancel := context.WithCancel(z.server.Context())
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseNow() }) // ends the reader
	defer stop()
	speech, halt := context.WithCancel(ctx)
	defer halt()
	id := strconv.FormatInt(z.sockets.Add(1), 10)
	c := &connection{emulator: z, conn: conn, address: address, id: id, speaker: newSpeaker(z, conn, halt)}
	c.wg.Go(func() { c.speaker.run(ctx, speech) })
	c.listen(ctx)
	c.gone()
	cancel()
	<-c.speaker.silent
	if c.begun {
		z.server.Finish(c.speaker.index) // where BOS came to a speaker that had ended
	}
	_ = conn.CloseNow() // it is over
	z.server.Note(func(st *engine.Stats) { st.OpenSockets-- })
	c.wg.Wait() // for an engine that does not notice
}
