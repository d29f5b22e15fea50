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

// vogentMessage is any message from a client. Unknown fields are ignored.
type vogentMessage struct {
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
func (m vogentMessage) text() string {
	if m.Text == nil {
		return ""
	}
	return *m.Text
}

// take applies a message. Only called by the reader.
func (c *vogentConn) take(ctx context.Context, data []byte, isText bool) {
	var m vogentMessage
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
		g.stop(vogentFailure(fault))
	case fault != "":
		c.fail(m.GenerationID, fault)
	case m.Cancel && g != nil:
		g.stop(errVogentCanceled)
	case m.Cancel: // of nothing, or of what has ended
	case g != nil:
		g.take(m)
	default:
		c.begin(ctx, m)
	}
}

// malformed answers a message that is none. Where it names its generation, that is what fails.
func (c *vogentConn) malformed(data []byte) {
	var named struct {
		ID string `json:"generationId"`
	}
	_ = json.Unmarshal(data, &named) // what there is of it
	id := named.ID
	if len(id) > vogentMaxID {
		id = ""
	}
	const text = "invalid message"
	switch g := c.generation(id); {
	case g != nil:
		g.stop(vogentFailure(text))
	case id != "" || c.quirks.malformed == "error":
		c.fail(id, text)
	case c.quirks.malformed == "close":
		c.close(c.quirks.closeCode)
	}
}

// fault is what is wrong with any message, or empty.
func (q vogentQuirks) fault(m vogentMessage) string {
	switch {
	case m.GenerationID == "":
		return "generationId is required"
	case len(m.GenerationID) > vogentMaxID, len(m.ContextID) > vogentMaxID:
		return "id is too long"
	case q.strict && (m.VoiceID == nil || m.Text == nil):
		return "voiceId and text are required"
	}
	return ""
}

// vogentVoiceID is the form of the vendor's voice ids.
var vogentVoiceID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// firstFault is what is wrong with the first message of a generation, or empty.
func (q vogentQuirks) firstFault(m vogentMessage) string {
	rates := []int{0, 8000, 16000, 22050, 24000, q.rate44, 48000}
	switch {
	case m.VoiceID == nil || *m.VoiceID == "":
		return "voiceId is required"
	case !vogentVoiceID.MatchString(*m.VoiceID) || *m.VoiceID == vogentUnknownVoice:
		return "voice not found"
	case !slices.Contains(rates, m.SampleRate):
		return "unsupported sampleRate"
	case utf8.RuneCountInString(m.text()) > vogentMaxText:
		return vogentTooLong
	case m.FinalText && m.text() == "" && !q.emptyFinal:
		return vogentNoText
	}
	return ""
}

// Texts of errors that arise in more than one place. All texts are the emulator's own.
const (
	vogentTooLong = "text exceeds 5000 characters"
	vogentNoText  = "text is required"
)

// generation is an open generation, or nil.
func (c *vogentConn) generation(id string) *vogentGeneration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[id]
}

// begin opens a generation and starts its speaker, or says why not.
func (c *vogentConn) begin(ctx context.Context, m vogentMessage) {
	if fault := c.quirks.firstFault(m); fault != "" {
		c.fail(m.GenerationID, fault)
		return
	}
	c.mu.Lock()
	full := len(c.open) >= vogentMaxOpen
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
	g := newVogentGeneration(c, m)
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
func (c *vogentConn) end(g *vogentGeneration) {
	c.mu.Lock()
	delete(c.open, g.id)
	c.ended = append(c.ended, g.id)
	c.ended = c.ended[max(0, len(c.ended)-vogentRemembered):]
	c.mu.Unlock()
	c.server.Finish(g.index)
}

// passTurn lets the next generation of a context speak, or wait for the one that this one was waiting for.
func (c *vogentConn) passTurn(g *vogentGeneration) {
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
