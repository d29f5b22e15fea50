package matrix

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/routing"
	"voicerelay/upstream/emulator/voice"
)

// rate is that of the audio that callers ask for, in hertz.
const rate = 24000

// utterance is what a caller heard of one generation.
type utterance struct {
	pcm      []int16
	reason   string
	attempts []struct {
		Provider, Outcome, Code string
	}
	rerouted []heard
	dry      time.Time     // when all audio so far will have been played
	gaps     time.Duration // by which playback ran dry
}

// heard is a message of the relay's, as far as it is looked at.
type heard struct {
	Type   string `json:"type"`
	Audio  string `json:"audio"`
	Reason string `json:"reason"`
	Source string `json:"resume_source"`
	Char   int    `json:"resume_char"`
	Usage  struct {
		Attempts []struct {
			Provider, Outcome, Code string
		} `json:"attempts"`
	} `json:"usage"`
}

// speak has the sentence spoken, and listens to the end.
func (r *rig) speak(id string) *utterance {
	r.t.Helper()
	return r.speakBy(routing.DefaultRouteName, id)
}

func (r *rig) speakBy(route, id string) *utterance {
	r.t.Helper()
	return r.say(route, id, sentence)
}

// say has a text spoken.
func (r *rig) say(route, id, text string) *utterance {
	r.t.Helper()
	ctx := r.t.Context()
	conn, _, err := websocket.Dial(ctx, "ws://relay.test/v1/speech?api_key="+key, &websocket.DialOptions{HTTPClient: r.callers})
	must(r.t, err)
	defer func() { _ = conn.CloseNow() }() // all has been said by then
	conn.SetReadLimit(1 << 20)
	ask := fmt.Sprintf(`{"type":"generate","generation_id":%q,"route":%q,"voice":"narrator","text":%q}`, id, route, text)
	must(r.t, conn.Write(ctx, websocket.MessageText, []byte(ask)))
	u := &utterance{}
	for u.reason == "" {
		_, data, err := conn.Read(ctx)
		must(r.t, err)
		u.take(r.t, data)
	}
	return u
}

// take takes a message of the relay's.
func (u *utterance) take(t *testing.T, data []byte) {
	var m heard
	must(t, json.Unmarshal(data, &m))
	switch m.Type {
	case "audio":
		raw, err := base64.StdEncoding.DecodeString(m.Audio)
		must(t, err)
		u.play(raw)
	case "rerouted":
		u.rerouted = append(u.rerouted, m)
	case "error":
		t.Fatalf("refused: %s", data)
	case "done":
		u.reason, u.attempts = m.Reason, m.Usage.Attempts
	}
}

// play takes audio as a player does that never pauses.
func (u *utterance) play(raw []byte) {
	now := time.Now()
	if u.dry.IsZero() {
		u.dry = now
	}
	if late := now.Sub(u.dry); late > 0 {
		u.gaps += late
		u.dry = now
	}
	for i := 0; i+1 < len(raw); i += 2 {
		u.pcm = append(u.pcm, int16(binary.LittleEndian.Uint16(raw[i:])))
	}
	u.dry = u.dry.Add(time.Duration(len(raw)/2) * time.Second / rate)
}

// words are those heard, in order.
func (u *utterance) words() ([]string, error) {
	return voice.Decode(u.pcm, rate, strings.Fields(strings.TrimSuffix(sentence, ".")))
}
