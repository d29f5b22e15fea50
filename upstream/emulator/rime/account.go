package rime

import (
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// Bounds. The first is documented (AsyncAPI); the others bound what the emulator keeps of a client that floods.
const (
	maxID       = 128  // bytes of a contextId
	maxContexts = 256  // of a connection
	maxWaiting  = 1024 // texts of a context, or syntheses of a connection, that have not begun
)

// charMicros is what a character is charged at, in millionths of a dollar: 30 dollars for a million, by what Rime says a
// minute costs and has in it. Nothing on the wire tells it.
const charMicros = 30

// emulator is that of wss://coda.api.rime.ai/ws and wss://users-ws.rime.ai/ws3.
type emulator struct {
	server      *engine.Server
	quirks      quirks
	connections atomic.Int64
	requests    atomic.Int64 // contexts that have been accepted; their ids count up
}

// knows reports whether a client shows the account's key. Hosted engines have Bearer before it, those of one's own Api-Key.
func (e *emulator) knows(authorization string) bool {
	want := e.server.Options().APIKey
	return want == "" || authorization == "Bearer "+want || authorization == "Api-Key "+want
}

// idleTime is how long a socket may be quiet; 0: for ever. Where there is a limit, the options may have another.
func (e *emulator) idleTime() time.Duration {
	if own := e.server.Options().Inactivity; own > 0 && e.quirks.idleSeconds > 0 {
		return own
	}
	return time.Duration(e.quirks.idleSeconds) * time.Second
}

// charge charges a text to a stream.
func charge(s *engine.Sender, text string) {
	s.Charge(int64(utf8.RuneCountInString(text)) * charMicros)
}

// sentencesOf cuts a text into its sentences, and what is behind the last.
func sentencesOf(text string) (whole []string, rest string) {
	for {
		sentence, behind := engine.FirstSentence(text)
		if sentence == "" {
			return whole, text
		}
		whole, text = append(whole, sentence), behind
	}
}

// ended reports whether a text ends with the end of a sentence, which more text could only deny.
func ended(text string) bool {
	text = strings.TrimRight(text, " \n\t")
	return text != "" && strings.ContainsRune(".!?", rune(text[len(text)-1]))
}
