package vogent

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// message is any message from a client. Unknown fields are ignored.
// The messages have no type. The reference lists "items" and "description" too, which look like a slip of the vendor's schema
// and which no client sends.
type message struct {
	GenerationID string  `json:"generationId"`
	ContextID    string  `json:"contextId"`
	VoiceID      *string `json:"voiceId"`
	Text         *string `json:"text"`
	FinalText    bool    `json:"finalText"`
	Cancel       bool    `json:"cancel"`
	SampleRate   int     `json:"sampleRate"` // hertz; 0: the default
	Timestamps   bool    `json:"addWordTimestamps"`
}

// text is what the message adds.
func (m message) text() string {
	if m.Text == nil {
		return ""
	}
	return *m.Text
}

// take applies a message. Only called by the reader.
func (c *connection) take(ctx context.Context, data []byte, isText bool) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil || !isText {
		c.malformed(data)
		return
	}
	g := c.generation(m.GenerationID)
	if m.Cancel {
		c.server.Note(func(st *engine.Stats) {
			st.Cancels = append(st.Cancels, engine.Cancel{ID: m.GenerationID, At: time.Now()})
		})
	}
	fault := c.quirks.fault(m)
	switch {
	case fault != "" && g != nil:
		g.stop(failure(fault))
	case fault != "":
		c.fail(m.GenerationID, fault)
	case m.Cancel && g != nil:
		g.stop(errCanceled)
	case m.Cancel: // of nothing, or of what has ended
	case g != nil:
		g.take(m)
	default:
		c.begin(ctx, m)
	}
}

// malformed answers a message that is none. Where it names its generation, that is what fails.
// No answer to it is documented.
func (c *connection) malformed(data []byte) {
	var named struct {
		ID string `json:"generationId"`
	}
	_ = json.Unmarshal(data, &named) // what there is of it
	id := named.ID
	if len(id) > maxID {
		id = ""
	}
	const text = "invalid message"
	switch g := c.generation(id); {
	case g != nil:
		g.stop(failure(text))
	case id != "" || c.quirks.malformed == "error":
		c.fail(id, text)
	case c.quirks.malformed == "close":
		c.close(c.quirks.closeCode)
	}
}

// fault is what is wrong with any message, or empty.
// The quickstart repeats voiceId, text and cancel in each message; whether they may be left out is not documented.
func (q quirks) fault(m message) string {
	switch {
	case m.GenerationID == "":
		return "generationId is required"
	case len(m.GenerationID) > maxID, len(m.ContextID) > maxID:
		return "id is too long"
	case q.strict && (m.VoiceID == nil || m.Text == nil):
		return "voiceId and text are required"
	}
	return ""
}

// voiceID is the form of the vendor's voice ids.
// The docs' voices are UUIDs.
var voiceID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// firstFault is what is wrong with the first message of a generation, or empty.
// The rates are the REST call's list. Whether an empty text may be the last piece is not documented.
func (q quirks) firstFault(m message) string {
	rates := []int{0, 8000, 16000, 22050, 24000, q.rate44, 48000}
	switch {
	case m.VoiceID == nil || *m.VoiceID == "":
		return "voiceId is required"
	case !voiceID.MatchString(*m.VoiceID) || *m.VoiceID == unknownVoice:
		return "voice not found"
	case !slices.Contains(rates, m.SampleRate):
		return "unsupported sampleRate"
	case utf8.RuneCountInString(m.text()) > maxText:
		return tooLong
	case m.FinalText && m.text() == "" && !q.emptyFinal:
		return noText
	}
	return ""
}

// Texts of errors that arise in more than one place. All texts are the emulator's own.
const (
	tooLong = "text exceeds 5000 characters"
	noText  = "text is required"
)

// generation is an open generation, or nil.
func (c *connection) generation(id string) *generation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[id]
}

// begin opens a generation and starts its speaker, or says why not.
// Several generations may run on a socket at once (API reference); a bound is not documented.
func (c *connection) begin(ctx context.Context, m message) {
	if fault := c.quirks.firstFault(m); fault != "" {
		c.fail(m.GenerationID, fault)
		return
	}
	c.mu.Lock()
	full := len(c.open) >= maxOpen
	used := !c.quirks.reuse && slices.Contains(c.ended, m.GenerationID)
	c.mu.Unlock()
	switch {
	case full:
		c.fail(m.GenerationID, "too many concurrent generations")
		return
	case used:
		c.fail(m.GenerationID, "generationId was used before")
		return
	}
	g := newGeneration(c, m)
	ctx, g.stop = context.WithCancelCause(ctx)
	c.mu.Lock()
	c.open[g.id] = g
	if m.ContextID != "" && c.quirks.serial {
		g.before = c.turns[m.ContextID]
		c.turns[m.ContextID] = g
	}
	c.mu.Unlock()
	g.index = c.server.Begin(g.id)
	g.take(m)
	c.wg.Go(func() { g.speak(ctx) })
}

// end takes a generation off the connection.
func (c *connection) end(g *generation) {
	c.mu.Lock()
	delete(c.open, g.id)
	c.ended = append(c.ended, g.id)
	c.ended = c.ended[max(0, len(c.ended)-remembered):]
	c.mu.Unlock()
	c.server.Finish(g.index)
}

// passTurn lets the next generation of a context speak, or wait for the one that this one was waiting for.
func (c *connection) passTurn(g *generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turns[g.context] == g {
		delete(c.turns, g.context)
		if g.before != nil && !g.before.passed() {
			c.turns[g.context] = g.before
		}
	}
	close(g.over)
}
