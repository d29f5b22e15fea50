package deepgram

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
)

// wellFormed are messages as programs send them.
var wellFormed = []string{
	`{"type":"Speak","text":"Say seven more words for me now. "}`,
	`{"type":"Flush"}`,
	`{"type":"Clear"}`,
	`{"type":"Interrupt","playback_offset":{"type":"time_ms","value":1240}}`,
	`{"type":"Configure","speed":1.05}`,
	`{"type":"Close"}`,
}

// malformed are messages that are refused: by their form, or for a field that the refusal names.
var malformed = map[string]string{
	"":                                       "object",
	"Hello.":                                 "object",
	"null":                                   "object",
	"[]":                                     "object",
	`"Flush"`:                                "object",
	"{":                                      "malformed",
	`{"type":"Flush"`:                        "malformed",
	`{"type":"Flush"} {}`:                    "malformed",
	`{"type":"Flush",}`:                      "malformed",
	"{}":                                     "type",
	`{"type":""}`:                            "type",
	`{"type":null}`:                          "type",
	`{"type":7}`:                             "type",
	`{"type":["Flush"]}`:                     "type",
	`{"type":"flush"}`:                       "type",
	`{"type":"Speak "}`:                      "type",
	`{"type":"generate"}`:                    "type",
	`{"type":"Speak"}`:                       "text",
	`{"type":"Speak","text":null}`:           "text",
	`{"type":"Speak","text":7}`:              "text",
	`{"type":"Speak","text":["a"]}`:          "text",
	`{"type":"Speak","text":{"a":1}}`:        "text",
	"{\"type\":\"Speak\",\"text\":\"\xff\"}": "UTF-8",
	`{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`: "deep",
}

// ofFlux are those that only the second version has.
var ofFlux = map[string]string{
	`{"type":"Clear"}`:                                                       "type",
	`{"type":"Configure","speed":"fast"}`:                                    "speed",
	`{"type":"Configure","speed":[1]}`:                                       "speed",
	`{"type":"Interrupt","playback_offset":7}`:                               "playback_offset",
	`{"type":"Interrupt","playback_offset":{}}`:                              "playback_offset.value",
	`{"type":"Interrupt","playback_offset":{"value":-1}}`:                    "playback_offset.value",
	`{"type":"Interrupt","playback_offset":{"value":1e300}}`:                 "playback_offset.value",
	`{"type":"Interrupt","playback_offset":{"type":"samples","value":1}}`:    "playback_offset.type",
	`{"type":"Interrupt","playback_offset":{"type":"time_ms","value":"x"}}`:  "value",
	`{"type":"Interrupt","playback_offset":{"type":"time_ms","value":null}}`: "playback_offset.value",
	`{"type":"Interrupt","playback_offset":{"type":["time_ms"],"value":1}}`:  "type",
	`{"type":"Interrupt","playback_offset":[{"type":"time_ms","value":1}]}`:  "playback_offset",
}

// ofAura are those that only the first version lacks.
var ofAura = map[string]string{`{"type":"Interrupt"}`: "type", `{"type":"Configure","speed":1}`: "type"}

// A message that can't be applied is answered by an Error that names what is wrong, and nothing else changes.
func TestMalformedMessagesAreRefused(t *testing.T) {
	for path, own := range map[string]map[string]string{pathAura: ofAura, pathFlux: ofFlux} {
		for _, messages := range []map[string]string{malformed, own} {
			for text, about := range messages {
				t.Run(path+" "+text, func(t *testing.T) {
					onSocket(t, path, func(_ *downstreamtest.Relay, s *socket) {
						s.t = t
						s.write(text)
						m, before, _ := s.until("Error")
						wantKinds(t, before)
						if m.Code != codeUnreadable && m.Code != codeBadData || !strings.Contains(m.Description, about) {
							t.Errorf("got %v, want it about %q", m.Raw, about)
						}
						s.speak(another)
						s.order("Flush")
						_, _, pcm := s.until("Flushed")
						wantHeard(t, pcm, another)
					})
				})
			}
		}
	}
}

// Who keeps sending what can't be read is cut off.
func TestUnreadableMessagesEndTheConnection(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		for range maxStrikes {
			_ = s.conn.Write(context.Background(), websocket.MessageBinary, []byte{1, 2, 3})
		}
		_, err := s.rest()
		if got := websocket.CloseStatus(err); got != websocket.StatusUnsupportedData {
			s.t.Errorf("closed with %v", err)
		}
	})
}

func TestMessageThatIsTooLargeEndsTheConnection(t *testing.T) {
	onSocket(t, pathAura, func(_ *downstreamtest.Relay, s *socket) {
		s.speak(strings.Repeat("x", 300<<10))
		if _, err := s.rest(); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			s.t.Errorf("closed with %v", err)
		}
	})
}

// mangle changes a message at random places.
func mangle(d *rand.Rand, text string) string {
	raw := []byte(text)
	for range 1 + d.IntN(4) {
		at := d.IntN(len(raw))
		switch d.IntN(4) {
		case 0:
			raw[at] = byte(d.IntN(256))
		case 1:
			raw = append(raw[:at:at], raw[at+1:]...)
		case 2:
			raw = append(raw[:at:at], append([]byte(`"{[,:\`[d.IntN(6):][:1]), raw[at:]...)...)
		case 3:
			raw = raw[:at+1]
		}
		if len(raw) == 0 {
			break
		}
	}
	return string(raw)
}

// Whatever a client sends, it harms nobody else: a client beside it is spoken to, and the relay comes to rest.
func TestHostileMessagesHarmNobody(t *testing.T) {
	const clients, messages = 60, 8
	for path, seed := range map[string]uint64{pathAura: 1, pathFlux: 2} {
		inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
			d := rand.New(rand.NewPCG(seed, 7))
			for range clients {
				s := open(t, r, path)
				for range messages {
					s.write(mangle(d, wellFormed[d.IntN(len(wellFormed))]))
				}
				beside := open(t, r, path)
				beside.speak(another)
				beside.order("Flush")
				_, _, pcm := beside.until("Flushed")
				wantHeard(t, pcm, another)
				_, _ = s.conn.CloseNow(), beside.conn.CloseNow()
			}
			synctest.Wait()
			if n := r.First.StreamsOpen(); n > 0 {
				t.Errorf("%d streams are still open", n)
			}
		})
	}
}

// What comes in any order leaves a session in which the next turn is spoken, unless the client has closed it.
func TestAnyOrderOfMessages(t *testing.T) {
	for path, seed := range map[string]uint64{pathAura: 3, pathFlux: 4} {
		for round := range uint64(40) {
			t.Run(fmt.Sprint(path, round), func(t *testing.T) {
				onSocket(t, path, func(_ *downstreamtest.Relay, s *socket) {
					s.t = t
					d := rand.New(rand.NewPCG(seed, round))
					for range 30 {
						s.write(wellFormed[d.IntN(len(wellFormed)-1)]) // but Close
						if d.IntN(3) == 0 {
							synctest.Wait()
						}
					}
					s.order(map[string]string{pathAura: "Clear", pathFlux: "Flush"}[path])
					s.speak(twelve)
					s.order("Close")
					_, err := s.rest()
					if websocket.CloseStatus(err) != websocket.StatusNormalClosure && websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
						t.Errorf("closed with %v", err)
					}
				})
			})
		}
	}
}
