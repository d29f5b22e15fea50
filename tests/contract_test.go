package tests

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A contract follows one connection, message by message, and says which rule of the protocol one breaks. It is
// not safe for concurrent use.
type contract struct {
	binary      bool // audio comes in binary frames
	greeted     bool
	output      format // this connection's default
	words       bool   // this connection's default of word_timestamps
	generations map[string]*utterance
	records     map[string]bool
	unanswered  map[string]int // commands by type that an error may still answer
	pings       []string       // ids of pings not yet answered; "" where none was given
	configures  int
	forged      int // messages that the test sent past the contract: each may be answered by one error
}

// A command is a message from the client, as far as rules depend on it.
type command struct {
	Type         string           `json:"type"`
	GenerationID string           `json:"generation_id"`
	ContextID    string           `json:"context_id"`
	All          bool             `json:"all"`
	Text         string           `json:"text"`
	Final        *bool            `json:"final"`
	Output       *format          `json:"output"`
	Words        *bool            `json:"word_timestamps"`
	PlayedMS     *int64           `json:"played_ms"`
	Played       map[string]int64 `json:"played"`
	ID           string           `json:"id"`
}

func newContract(binary bool) *contract {
	return &contract{
		binary: binary, output: format{"pcm_s16le", 24000}, generations: map[string]*utterance{},
		records: map[string]bool{}, unanswered: map[string]int{},
	}
}

// sent notes a well-formed command before it goes out.
func (c *contract) sent(data []byte) error {
	var cmd command
	if err := json.Unmarshal(data, &cmd); err != nil {
		return fmt.Errorf("the test sends what is no command: %w", err)
	}
	if err := keeps(cmd.Type, data); err != nil {
		return err
	}
	c.unanswered[cmd.Type]++
	switch cmd.Type {
	case "generate":
		g := c.generations[cmd.GenerationID]
		if g == nil {
			g = &utterance{id: cmd.GenerationID}
			c.generations[g.id] = g
		}
		g.asks = append(g.asks, c.ask(cmd))
	case "append", "finish":
		if g := c.generations[cmd.GenerationID]; g != nil {
			g.append(cmd.Text, cmd.Type == "finish" || cmd.Final != nil && *cmd.Final)
		}
	case "cancel":
		c.sentCancel(cmd)
	case "ping":
		c.pings = append(c.pings, cmd.ID)
	case "configure":
		c.configures++
	}
	return nil
}

func (c *contract) ask(cmd command) ask {
	a := ask{text: []rune(cmd.Text), output: c.output, words: c.words, final: cmd.Final == nil || *cmd.Final}
	if cmd.Output != nil {
		a.output = filled(*cmd.Output)
	}
	if cmd.Words != nil {
		a.words = *cmd.Words
	}
	return a
}

// filled completes a partly given output by the protocol's defaults.
func filled(f format) format {
	if f.Encoding == "" {
		f.Encoding = "pcm_s16le"
	}
	if f.Rate == 0 {
		f.Rate = 24000
		if f.Encoding == "mulaw" || f.Encoding == "alaw" {
			f.Rate = 8000
		}
	}
	return f
}

func (c *contract) sentCancel(cmd command) {
	played := cmd.Played
	if cmd.PlayedMS != nil {
		played = map[string]int64{cmd.GenerationID: *cmd.PlayedMS}
	}
	for id := range played {
		if g := c.generations[id]; g != nil {
			g.played++
		}
	}
}

// received checks one frame and gives it back taken apart.
func (c *contract) received(data []byte, isBinary bool) (message, error) {
	parse := parseText
	if isBinary {
		parse = parseBinary
	}
	m, err := parse(data)
	if err != nil {
		return m, err
	}
	if m.kind == "audio" && isBinary != c.binary {
		return m, errors.New("audio in the other kind of frame than asked for")
	}
	if c.greeted == (m.kind == "ready") {
		return m, errors.New("ready must be the first message, and once")
	}
	if err := c.apply(m); err != nil || isBinary {
		return m, err
	}
	return m, keeps(m.kind, data)
}

func (c *contract) apply(m message) error {
	switch m.kind {
	case "ready":
		c.greeted = true
		return nil
	case "configured":
		return c.configured(m)
	case "pong":
		return c.pong(m)
	case "error":
		return c.refusal(m)
	case "draining":
		return nil
	}
	g := c.generations[m.ID]
	if g == nil {
		return fmt.Errorf("%s for generation %q, which was never asked for", m.kind, m.ID)
	}
	if m.kind == "accepted" {
		c.unanswered["generate"]--
		if c.records[m.RecordID] || m.RecordID == "" {
			return fmt.Errorf("record_id %q is no new one", m.RecordID)
		}
		c.records[m.RecordID] = true
	}
	return g.received(m)
}

func (c *contract) configured(m message) error {
	if c.configures == 0 {
		return errors.New("configured answers no configure")
	}
	c.configures--
	c.unanswered["configure"]--
	c.output, c.words = m.Defaults.Output, m.Defaults.WordTimestamps
	return nil
}

func (c *contract) pong(m message) error {
	id := ""
	if m.PongID != nil {
		id = *m.PongID
	}
	if len(c.pings) == 0 || c.pings[0] != id {
		return fmt.Errorf("pong %q, but pings %q are unanswered", id, c.pings)
	}
	c.pings = c.pings[1:]
	c.unanswered["ping"]--
	return nil
}

// refusal checks that an error answers something that was sent.
func (c *contract) refusal(m message) error {
	if err := m.problem.check(false); err != nil {
		return err
	}
	g := c.generations[m.ID]
	if m.Command == "generate" && g != nil && len(g.asks) > 0 {
		c.unanswered["generate"]--
		return g.refused(m)
	}
	if m.Command != "generate" && c.unanswered[m.Command] > 0 {
		c.unanswered[m.Command]--
		if m.Command == "configure" {
			c.configures--
		}
		if m.Command == "append" && g != nil {
			g.appendsRefused++
		}
		return nil
	}
	if c.forged == 0 {
		return errors.New("error that answers nothing")
	}
	c.forged--
	return nil
}

// settled says what is still owed where nothing more is to come.
func (c *contract) settled() error {
	for _, g := range c.generations {
		switch {
		case len(g.asks) > 0:
			return fmt.Errorf("generate %q was never answered", g.id)
		case g.state != refused && g.state != ended:
			return fmt.Errorf("generation %q has not ended", g.id)
		}
	}
	if len(c.pings) > 0 || c.configures > 0 {
		return fmt.Errorf("pings %q and %d configures were never answered", c.pings, c.configures)
	}
	return nil
}
