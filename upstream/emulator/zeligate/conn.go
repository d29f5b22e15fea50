package zeligate

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection, which is one synthesis.
type connection struct {
	*emulator

	// Static after serve has made it.
	conn    *websocket.Conn
	address address
	id      string // a number, for the stats
	speaker *speaker
	wg      sync.WaitGroup // the speaker

	// Owned by the reader.
	begun, over bool // BOS has been taken; nothing more is
	text        text
	characters  int // received
}

// frame is any message from a client. Unknown fields are ignored; null is the same as missing.
// The docs' flush and trigger stand alone, without a text; ElevenLabs' schema requires one. Both are taken, so a missing text
// must not be read as an empty one.
type frame struct {
	Text          *string     `json:"text"`
	Flush         bool        `json:"flush"`
	Trigger       bool        `json:"try_trigger_generation"`
	Authorization string      `json:"authorization"` // this and what follows in BOS only
	Settings      *settings   `json:"voice_settings"`
	Generation    *generation `json:"generation_config"`
}

// settings are those with an effect. The other names of the mirrored protocol are ignored.
// style is exaggeration, stability is guidance and temperature; similarity_boost and use_speaker_boost do nothing (Zeligate's
// docs, Voice settings). Only speed can be heard here.
type settings struct {
	Stability *float64 `json:"stability"` // 0 to 1
	Style     *float64 `json:"style"`     // 0 to 1
	Speed     *float64 `json:"speed"`     // about 0.7 to 1.2; the pitch stays
}

type generation struct {
	Schedule []int `json:"chunk_length_schedule"` // characters
}

// listen reads until the client or the server is gone.
func (c *connection) listen(ctx context.Context) {
	for {
		_, data, err := c.conn.Read(context.Background()) // ended by ctx, which breaks the connection
		if err != nil || ctx.Err() != nil {
			return
		}
		if c.over || c.speaker.ended() {
			continue // what comes now belongs to no stream
		}
		var f frame
		if json.Unmarshal(data, &f) != nil {
			c.fail(invalid("", "json_invalid", "Input is not valid"))
			continue
		}
		c.speaker.touch()
		if wrong := c.take(f); wrong != nil {
			c.fail(wrong)
		}
	}
}

// gone notes that the client has left. In the middle of a stream that is how it cancels.
// The protocol has no message for it: a client that wants to stop closes the socket.
func (c *connection) gone() {
	if c.begun && c.server.Context().Err() == nil && !c.speaker.ended() {
		c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.id, At: time.Now()}) })
	}
}

// fail ends the stream with an error, ahead of what waits to be spoken.
func (c *connection) fail(e *failure) {
	c.over = true
	c.speaker.fail(e)
}

// take applies a message and returns what is wrong with it.
// An empty text is the end of input, as in ElevenLabs' protocol of one context. Whether it is so with a flush beside it is not
// documented there either, and some clients send it as a flush.
func (c *connection) take(f frame) *failure {
	if !c.begun {
		if wrong := c.begin(f); wrong != nil {
			return wrong
		}
		if *f.Text == " " {
			f.Text = nil // it has opened the stream, and is no text
		}
	}
	if f.Trigger {
		c.text.trigger = true
	}
	if f.Text != nil && *f.Text == "" && (!f.Flush || c.quirks.emptyFlushEnds) {
		c.flush()
		c.over = true
		c.speaker.push(job{kind: endOfText})
		return nil
	}
	if f.Text != nil || f.Trigger {
		if wrong := c.append(f.Text); wrong != nil {
			return wrong
		}
	}
	if f.Flush {
		c.speaker.note(func(s *engine.Stream) { s.Flushes++ })
		c.flush()
	}
	return nil
}

// append adds a text, of which there may be none, and has spoken what is due.
// A bound on characters exists (ZELI_MAX_STREAM_CHARS), but its value is not given. White space is ElevenLabs' keep-alive on
// this kind of socket.
func (c *connection) append(text *string) *failure {
	added := ""
	if text != nil {
		added = *text
		c.speaker.note(func(s *engine.Stream) {
			if strings.TrimSpace(added) == "" {
				s.KeepAlives++
			} else {
				s.Texts = append(s.Texts, added)
			}
		})
	}
	if strings.TrimSpace(added) == "" && strings.TrimSpace(c.text.waiting) == "" {
		return nil // white space keeps the socket open, however much of it comes
	}
	if c.characters += utf8.RuneCountInString(added); c.characters > c.quirks.maxCharacters {
		return invalid("text", "string_too_long", "The stream has too many characters")
	}
	for _, chunk := range c.text.add(added) {
		c.speaker.push(job{kind: say, text: chunk})
	}
	return nil
}

// flush gives the speaker all that waits. Nothing tells that a flush has been spoken.
func (c *connection) flush() {
	if chunk := c.text.flush(); chunk != "" {
		c.speaker.push(job{kind: say, text: chunk})
	}
}

// begin takes BOS. What its text has beyond the opening space is spoken, where such a BOS is taken at all.
// The docs require a single space as its text; what another text does is not documented. The example's schedule is 120, 160,
// 250, 290, and a default is not stated.
func (c *connection) begin(f frame) *failure {
	if wrong := c.admit(f.Authorization); wrong != nil {
		c.server.Note(func(st *engine.Stats) { st.Refused++ })
		return wrong
	}
	switch {
	case f.Text == nil:
		return invalid("text", "missing", "Field required")
	case c.quirks.strictBOS && *f.Text != " ":
		return invalid("text", "value_error", "The first message must be a single space")
	}
	speed, wrong := f.Settings.take(c.quirks.clamps)
	if wrong != nil {
		return wrong
	}
	schedule := c.quirks.schedule
	if f.Generation != nil && len(f.Generation.Schedule) > 0 {
		schedule = f.Generation.Schedule
	}
	if slices.Min(schedule) < 1 {
		return invalid("generation_config", "greater_than", "Must be greater than 0")
	}
	encoder, err := c.address.format.Encoder()
	if err != nil {
		return named("internal_error")
	}
	c.text = text{schedule: schedule, minimum: c.quirks.triggerMinimum}
	c.begun = true
	c.speaker.begin(order{id: c.id, speed: speed, encoder: encoder})
	return nil
}

// admit checks the key of BOS, and tells what is wrong with the address. A key in the query stands in for one in BOS.
// The key comes in BOS or in the query (Zeligate's docs, Authentication); a header is documented for HTTP alone.
func (c *connection) admit(authorization string) *failure {
	wrong := c.address.wrong
	if c.address.proven || wrong != nil && wrong.http == http.StatusUnauthorized {
		return wrong
	}
	return cmp.Or(c.checkKey(authorization), wrong)
}

// take is the speed that the settings ask for, or what is wrong with them. s may be nil.
func (s *settings) take(clamps bool) (speed float64, wrong *failure) {
	const slowest, fastest = 0.7, 1.2
	if s == nil {
		return 1, nil
	}
	for _, share := range []*float64{s.Stability, s.Style} {
		if share != nil && (*share < 0 || *share > 1) && !clamps {
			return 0, invalid("voice_settings", "value_error", "Must be between 0 and 1")
		}
	}
	if s.Speed == nil {
		return 1, nil
	}
	if speed = min(max(*s.Speed, slowest), fastest); speed != *s.Speed && !clamps {
		return 0, invalid("voice_settings", "value_error", "Must be between 0.7 and 1.2")
	}
	return speed, nil
}
