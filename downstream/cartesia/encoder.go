package cartesia

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/relay"
)

// encoder makes the messages of a context.
type encoder struct {
	// Static after newEncoder.
	id     string
	head   []byte // of a chunk, up to its audio
	output audio.Format
	// text is what the client has sent.
	text    downstream.Transcript
	flushes atomic.Bool // the client has asked for some

	// Guarded by the generation's lock, as all methods are.
	flushed int // how many were told
	// failure is what the context has failed by though its generation did not; nil: nothing. It is set before the end.
	failure *protocol.Error
}

var (
	_ relay.Encoder = (*encoder)(nil)
	_ relay.Marker  = (*encoder)(nil)
)

func newEncoder(id string, output audio.Format) *encoder {
	head := append([]byte(`{"type":"chunk","context_id":`), downstream.Encode(id)...)
	head = append(head, `,"data":"`...)
	return &encoder{id: id, head: head, output: output}
}

// Form implements relay.Encoder.
func (e *encoder) Form() relay.AudioForm { return relay.Base64 }

// AppendHead implements relay.Encoder.
func (e *encoder) AppendHead(dst []byte, _ relay.Frame) []byte { return append(dst, e.head...) }

// AppendTail implements relay.Encoder. Clients require step_time, which is how many milliseconds the vendor took for the chunk, and
// use it for nothing: the relay does not know it.
func (e *encoder) AppendTail(dst []byte, _ relay.Frame) []byte {
	dst = append(dst, `","done":false,"status_code":206,"step_time":0`...)
	if e.flushes.Load() {
		dst = append(dst, `,"flush_id":`...)
		dst = strconv.AppendInt(dst, int64(e.flushed)+1, 10)
	}
	return append(dst, '}')
}

// flushDone tells that all text before a flush has been spoken.
type flushDone struct {
	Type      string `json:"type"`
	ContextID string `json:"context_id"`
	Done      bool   `json:"done"`
	FlushDone bool   `json:"flush_done"`
	FlushID   int    `json:"flush_id"`
	Status    int    `json:"status_code"`
}

// Marked implements relay.Marker.
func (e *encoder) Marked() []byte {
	e.flushed++
	return downstream.Encode(flushDone{Type: "flush_done", ContextID: e.id, FlushDone: true, FlushID: e.flushed, Status: http.StatusPartialContent})
}

// chunk is audio that the relay itself has made.
func (e *encoder) chunk(samples []byte) []byte {
	dst := e.AppendHead(nil, relay.Frame{})
	dst = base64.StdEncoding.AppendEncode(dst, samples)
	return e.AppendTail(dst, relay.Frame{})
}

// Started implements relay.Encoder: clients are not told who speaks.
func (e *encoder) Started(relay.Started) []byte { return nil }

// Rerouted implements relay.Encoder: nor that another goes on.
func (e *encoder) Rerouted(relay.Rerouted) []byte { return nil }

// timestamps are words with their times, in seconds from the context's beginning.
type timestamps struct {
	Type      string     `json:"type"`
	ContextID string     `json:"context_id"`
	Done      bool       `json:"done"`
	Status    int        `json:"status_code"`
	Words     timedWords `json:"word_timestamps"`
}

// timedWords are as many words as starts and ends.
type timedWords struct {
	Words []string  `json:"words"`
	Start []seconds `json:"start"`
	End   []seconds `json:"end"`
}

// seconds is a time as clients have it, to the millisecond.
type seconds time.Duration

// MarshalJSON implements json.Marshaler.
func (s seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Duration(s).Milliseconds())/1000, 'f', -1, 64), nil
}

var _ json.Marshaler = seconds(0)

// Words implements relay.Encoder. Each is as the client wrote it, since clients look for it in what they sent.
func (e *encoder) Words(w relay.Words) []byte {
	var timed timedWords
	for _, word := range w.Words {
		timed.add(e.text.Written(word.CharStart, word.CharEnd), word)
	}
	return downstream.Encode(timestamps{Type: "timestamps", ContextID: e.id, Status: http.StatusPartialContent, Words: timed})
}

// add enters a word as it is written. In scripts without spaces each character is one, and so is punctuation.
func (t *timedWords) add(written string, word relay.Word) {
	characters := []rune(written)
	if !isApart(characters) {
		t.addTimed(written, word.Start, word.End)
		return
	}
	spoken, said := 0, 0
	for _, r := range characters {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			spoken++
		}
	}
	at := func(n int) time.Duration {
		return word.Start + (word.End-word.Start)*time.Duration(n)/time.Duration(max(spoken, 1))
	}
	for _, r := range characters {
		from := said
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			said++
		}
		t.addTimed(string(r), at(from), at(said))
	}
}

func (t *timedWords) addTimed(word string, start, end time.Duration) {
	t.Words = append(t.Words, word)
	t.Start = append(t.Start, seconds(start))
	t.End = append(t.End, seconds(end))
}

// isApart reports whether a word is of a script whose characters the vendor times one by one.
func isApart(word []rune) bool {
	for _, r := range word {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			return true
		}
	}
	return false
}

// doneMessage ends a context.
type doneMessage struct {
	Type      string `json:"type"`
	ContextID string `json:"context_id"`
	Done      bool   `json:"done"`
	Status    int    `json:"status_code"`
}

// done ends a context with a status.
func done(id string, status int) []byte {
	return downstream.Encode(doneMessage{Type: "done", ContextID: id, Done: true, Status: status})
}

// Ended implements relay.Encoder. What is to be said of a failure, and the silence of a text with nothing to speak, go before.
func (e *encoder) Ended(r relay.Result) []byte {
	if err := e.failed(r); err != nil {
		return done(e.id, tell(err.Code).frame)
	}
	return done(e.id, http.StatusOK)
}

// failed is what a context that ended so has failed by; nil: it did not.
func (e *encoder) failed(r relay.Result) *protocol.Error {
	if e.failure != nil {
		return e.failure
	}
	return downstream.WireError(r.Err)
}

// before is the message that goes before the end of a context that ended so; nil: none.
func (e *encoder) before(r relay.Result) []byte {
	if err := e.failed(r); err != nil {
		return contextError(e.id, err, r.RecordID)
	}
	if downstream.NothingSpoken(r) && !e.text.Blank() {
		return e.chunk(downstream.SilenceFor(e.output))
	}
	return nil
}
