package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// exampleRelay serves the examples. It says what a relay says, to one client at a time, and speaks in silence: so long a frame
// for each character.
func exampleRelay() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol.Subprotocol}})
		if err != nil {
			return // it has been answered
		}
		e := &exampleConn{conn: conn, texts: make(map[string]*protocol.Generate), spoken: make(map[string]int)}
		e.send(protocol.Ready{SessionID: "s"})
		e.serve()
	}))
}

const (
	exampleRate      = 24000 // hertz
	characterMS      = 50
	characterSamples = exampleRate * characterMS / 1000
)

// exampleConn is one connection. What it speaks is spoken when its text is whole, at once.
type exampleConn struct {
	conn   *websocket.Conn
	texts  map[string]*protocol.Generate // that are open
	spoken map[string]int                // the lengths of those that have ended
}

func (e *exampleConn) send(event protocol.Event) {
	_ = e.conn.Write(context.Background(), websocket.MessageText, protocol.Encode(event)) // a client that left hears nothing
}

func (e *exampleConn) serve() {
	for {
		_, data, err := e.conn.Read(context.Background())
		if err != nil {
			return
		}
		command, refused := protocol.Decode(data)
		if refused != nil {
			e.send(refused)
			continue
		}
		switch c := command.(type) {
		case *protocol.Generate:
			e.texts[c.GenerationID] = c
			e.send(protocol.Accepted{GenerationID: c.GenerationID, RecordID: "r"})
			if c.Final {
				e.speak(c)
			}
		case *protocol.Append:
			e.texts[c.GenerationID].Text += c.Text
		case *protocol.Finish:
			e.speak(e.texts[c.GenerationID])
		case *protocol.Cancel:
			if c.PlayedMS.Set {
				e.heard(c.GenerationID, c.PlayedMS.Value)
			}
			for id, ms := range c.Played {
				e.heard(id, ms)
			}
		}
	}
}

// speak speaks a whole text.
func (e *exampleConn) speak(g *protocol.Generate) {
	length := utf8.RuneCountInString(g.Text)
	e.send(protocol.Started{GenerationID: g.GenerationID, Provider: "tone", Voice: "narrator", ProviderVoice: "sine"})
	for i := range length {
		head := protocol.Audio{GenerationID: g.GenerationID, Seq: uint32(i), StartMS: uint32(i * characterMS), Samples: characterSamples}
		frame := protocol.AppendAudioBinary(nil, head, make([]byte, 2*characterSamples))
		_ = e.conn.Write(context.Background(), websocket.MessageBinary, frame) // as above
	}
	if g.Settings.WordTimestamps.Value {
		e.send(protocol.Timestamps{GenerationID: g.GenerationID, Source: "provider", Words: exampleWords(g.Text)})
	}
	delete(e.texts, g.GenerationID)
	e.spoken[g.GenerationID] = length
	e.send(protocol.Done{
		GenerationID: g.GenerationID, RecordID: "r", Reason: "completed", Spoken: protocol.Spoken{Char: length, Source: "word_times"},
		Usage: protocol.Usage{Characters: length, AudioMS: int64(length * characterMS)},
	})
}

// exampleWords are the words of a text in ASCII, each as long as it is written.
func exampleWords(text string) (words []protocol.TimedWord) {
	at := 0
	for word := range strings.FieldsSeq(text) {
		begin := at + strings.Index(text[at:], word)
		plain := strings.TrimRight(word, ".,")
		at = begin + len(plain)
		words = append(words, protocol.TimedWord{
			Word: plain, CharStart: begin, CharEnd: at, StartMS: int64(begin * characterMS), EndMS: int64(at * characterMS),
		})
	}
	return words
}

// heard answers how far the caller heard of what has ended.
func (e *exampleConn) heard(id string, ms int64) {
	char := min(int(ms/characterMS), e.spoken[id])
	e.send(protocol.SpokenEvent{GenerationID: id, Spoken: protocol.Spoken{Char: char, Source: "word_times"}})
}
