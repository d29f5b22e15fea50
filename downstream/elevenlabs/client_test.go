package elevenlabs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/upstream"
)

// manner is how a program uses the dialect. The fields are of the messages that the programs were seen to send.
type manner struct {
	query    string
	flushes  bool // each text is a sentence, and has a flush with it
	spaces   bool // a space goes behind each text
	absolute bool // it reads normalizedAlignment, as times from the context's first sample
}

// The manners of LiveKit's plugin and of Pipecat, in both of its modes.
var (
	pipecat = manner{query: "model_id=eleven_flash_v2_5&output_format=pcm_24000&auto_mode=true"}
	tokens  = manner{query: "model_id=eleven_flash_v2_5&output_format=pcm_24000&auto_mode=false"}
	livekit = manner{
		query: "model_id=eleven_turbo_v2_5&output_format=pcm_24000&enable_ssml_parsing=false&enable_logging=true&inactivity_timeout=180" +
			"&apply_text_normalization=auto&sync_alignment=true&auto_mode=true",
		flushes: true, spaces: true, absolute: true,
	}
)

var errRefused = &upstream.Error{Kind: upstream.Dropped, Message: "gone"}

// client is a client of multi-stream-input.
type client struct {
	conn    *websocket.Conn
	as      manner
	keyless bool // it has shown no key
	opened  map[string]bool
	failed  map[string]string
	waiting []downstreamtest.Event
	inbox   chan received // what the kernel would hold, of which an in-memory connection has nothing
	over    chan struct{}
	hearing map[string]*hearing
}

// hearing is what a client makes of a context's alignments.
type hearing struct {
	clock   time.Duration // Pipecat's
	word    string
	from    time.Duration
	to      time.Duration
	letters string
}

// dial opens a client with a key in the header that all clients use.
func dial(r *downstreamtest.Relay, as downstreamtest.Caller, m manner) (*client, error) {
	header := http.Header{}
	if as.Key != "" {
		header.Set("xi-api-key", as.Key)
	}
	conn, err := r.WebSocket(r.Prefix+"/v1/text-to-speech/"+url.PathEscape(as.Voice)+"/multi-stream-input?"+m.query, header)
	if err != nil {
		return nil, err
	}
	c := &client{
		conn: conn, as: m, keyless: as.Key == "", opened: make(map[string]bool), failed: make(map[string]string), hearing: make(map[string]*hearing),
		inbox: make(chan received, 4), over: make(chan struct{}),
	}
	go c.receive()
	return c, nil
}

// received is a message, or why there are no more.
type received struct {
	data []byte
	err  error
}

// receive reads until the connection is over or the client has hung up.
func (c *client) receive() {
	for {
		kind, data, err := c.conn.Read(context.Background())
		if err == nil && kind != websocket.MessageText {
			err = fmt.Errorf("a message that is no text")
		}
		select {
		case c.inbox <- received{data, err}:
		case <-c.over:
			return
		}
		if err != nil {
			close(c.inbox)
			return
		}
	}
}

// send sends a message. A connection that is over is heard by Next.
func (c *client) send(format string, args ...any) {
	_ = c.conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...))
}

// Say implements downstreamtest.Client.
func (c *client) Say(turn, text string) {
	if !c.opened[turn] {
		c.opened[turn] = true
		c.hearing[turn] = &hearing{}
		c.send(`{"text":" ","voice_settings":{},"context_id":%q}`, turn)
	}
	if c.as.spaces {
		text += " "
	}
	if c.as.flushes {
		c.send(`{"text":%q,"context_id":%q,"flush":true}`, text, turn)
		return
	}
	c.send(`{"text":%q,"context_id":%q}`, text, turn)
}

// Flush implements downstreamtest.Client.
func (c *client) Flush(turn string) { c.send(`{"context_id":%q,"flush":true}`, turn) }

// End implements downstreamtest.Client.
func (c *client) End(turn string) {
	c.Flush(turn)
	c.Interrupt(turn)
}

// Interrupt implements downstreamtest.Client. To the vendor's protocol it is the end of a context.
func (c *client) Interrupt(turn string) { c.send(`{"context_id":%q,"close_context":true}`, turn) }

// Hangup implements downstreamtest.Client.
func (c *client) Hangup() {
	select {
	case <-c.over:
	default:
		close(c.over)
	}
	_ = c.conn.CloseNow() // it may be over
}

// heard is a message of the relay's.
type heard struct {
	Audio                          *string
	IsFinal                        bool
	ContextID                      *string
	Alignment, NormalizedAlignment *aligned
	Message, Error                 string
	Code                           int
}

type aligned struct {
	Chars            []string
	CharStartTimesMs []int64
	CharDurationsMs  []int64
}

// read is the next message.
func (c *client) read() (h heard, err error) {
	next, more := <-c.inbox
	switch code := websocket.CloseStatus(next.err); {
	case !more:
		return heard{}, io.EOF
	case code == websocket.StatusPolicyViolation && c.keyless: // a key may come with the first message, and none did
		return heard{}, &downstreamtest.Refused{Status: http.StatusUnauthorized, Body: next.err.Error()}
	case code == websocket.StatusNormalClosure, code == websocket.StatusGoingAway, code == websocket.StatusPolicyViolation:
		return heard{}, fmt.Errorf("%w: %w", io.EOF, next.err)
	case next.err != nil:
		return heard{}, next.err
	}
	return h, json.Unmarshal(next.data, &h)
}

// pcm is a message's audio.
func (h heard) pcm(t *testing.T) []byte {
	t.Helper()
	if h.Audio == nil {
		return nil
	}
	pcm, err := base64.StdEncoding.DecodeString(*h.Audio)
	if err != nil {
		t.Fatal(err)
	}
	return pcm
}

// Next implements downstreamtest.Client.
func (c *client) Next() (downstreamtest.Event, error) {
	for len(c.waiting) == 0 {
		h, err := c.read()
		if err != nil {
			return downstreamtest.Event{}, err
		}
		if err := c.take(h); err != nil {
			return downstreamtest.Event{}, err
		}
	}
	e := c.waiting[0]
	c.waiting = c.waiting[1:]
	return e, nil
}

// told marks a failure that was heard to its final frame.
const told = "told"

// take makes events of a message.
func (c *client) take(h heard) error {
	if h.ContextID == nil && c.keyless {
		return nil // the close says why
	}
	if h.ContextID == nil {
		return fmt.Errorf("a message without contextId: %+v", h)
	}
	id := *h.ContextID
	add := func(e downstreamtest.Event) {
		e.Turn = id
		c.waiting = append(c.waiting, e)
	}
	switch {
	case h.Error != "":
		c.failed[id] = h.Error + ": " + h.Message // LiveKit stops here, Pipecat at the final frame
	case h.IsFinal && c.failed[id] == told: // in answer to a close_context that has crossed the failure
	case h.IsFinal && c.failed[id] != "":
		add(downstreamtest.Event{Kind: downstreamtest.Failed, Reason: c.failed[id]})
		c.failed[id] = told
	case h.IsFinal:
		add(downstreamtest.Event{Kind: downstreamtest.Over})
	}
	if h.Audio != nil && *h.Audio != "" {
		pcm, err := base64.StdEncoding.DecodeString(*h.Audio)
		if err != nil {
			return err
		}
		add(downstreamtest.Event{Kind: downstreamtest.Audio, PCM: pcm})
	}
	if words := c.words(id, h); len(words) > 0 {
		add(downstreamtest.Event{Kind: downstreamtest.Words, Words: words})
	}
	return nil
}

// words are the words that end in a message, by the clock of the client's manner.
func (c *client) words(id string, h heard) (words []downstreamtest.Word) {
	of, a := c.hearing[id], h.Alignment
	if c.as.absolute {
		a = h.NormalizedAlignment
	}
	if of == nil || a == nil {
		return nil
	}
	if len(a.Chars) != len(a.CharStartTimesMs) || len(a.Chars) != len(a.CharDurationsMs) {
		return []downstreamtest.Word{{Text: "lists of unequal length"}}
	}
	for i, char := range a.Chars {
		start := of.clock + time.Duration(a.CharStartTimesMs[i])*time.Millisecond
		end := start + time.Duration(a.CharDurationsMs[i])*time.Millisecond
		switch {
		case strings.TrimSpace(char) != "":
			if of.word == "" {
				of.from = start
			}
			of.word, of.to = of.word+char, end
		case of.word != "":
			words = append(words, downstreamtest.Word{Text: of.word, Start: of.from, End: of.to})
			of.word = ""
		}
		of.letters += char
	}
	if last := len(a.Chars) - 1; !c.as.absolute {
		of.clock += time.Duration(a.CharStartTimesMs[last]+a.CharDurationsMs[last]) * time.Millisecond
	}
	return words
}
