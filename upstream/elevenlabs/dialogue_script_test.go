package elevenlabs

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// dialogueRequest is one that is served by a dialogue.
var dialogueRequest = func() upstream.Request {
	req := request
	req.Model = "eleven_v4_turbo"
	return req
}()

// dialogueMessage is any message of a dialogue, as a vendor reads it.
type dialogueMessage struct {
	Voices    []string        `json:"voices"`
	Inputs    []dialogueInput `json:"inputs"`
	Flush     bool            `json:"flush"`
	KeepAlive bool            `json:"keep_alive"`
}

// dialogueScript plays the vendor: one turn after another. It takes no text before the voices, nor of another voice, nor a turn
// before the one before has ended: what comes of such is not known.
func dialogueScript(c *upstreamtest.Conn) {
	turns := make(chan string, 64)
	stop := make(chan struct{})
	busy := make(chan struct{}, 1)
	c.Go(func() { speakTurns(c, turns, stop, busy) })
	defer close(stop)
	defer close(turns)
	var voices []string
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var m dialogueMessage
		switch err := json.Unmarshal(data, &m); {
		case err != nil, voices == nil && m.Voices == nil, voices != nil && m.Voices != nil:
			fault(c, "", "voices must be in the first message", 1008)
			return
		case m.Voices != nil:
			voices = m.Voices
		case m.KeepAlive:
		case len(m.Inputs) != 1 || !m.Flush || !slices.Contains(voices, m.Inputs[0].Voice):
			fault(c, "", "the message is invalid", 1008)
			return
		default:
			select {
			case busy <- struct{}{}:
				turns <- m.Inputs[0].Text
			default:
				fault(c, "", "a turn before the end of the one before", 1008)
				return
			}
		}
	}
}

// speakTurns says texts. Every other turn ends in a frame that has an empty audio.
func speakTurns(c *upstreamtest.Conn, turns <-chan string, stop <-chan struct{}, busy <-chan struct{}) {
	voice, n := c.Voice("", stop), 0
	for text := range turns {
		times, sent := spelled(text), 0
		said := voice.Say(text, func(audio []byte) {
			from, to := float64(sent)/48, float64(sent+len(audio))/48 // ms at 24 kHz
			until := slices.IndexFunc(times, func(c character) bool { return c.start >= to })
			if until < 0 {
				until = len(times)
			}
			c.Send(reply{"audio": base64.StdEncoding.EncodeToString(audio), "is_final": nil, "alignment": turnTable(times[:until], from)})
			times = times[until:]
			sent += len(audio)
		})
		if !said {
			return
		}
		over := reply{"audio": nil, "is_final_audio_for_turn": true}
		if n%2 == 1 {
			over["audio"], over["is_final"] = "", false
		}
		<-busy
		c.Send(over)
		n++
	}
}

// turnTable is an alignment of a dialogue's, in times from its frame's audio; nil where there is none.
func turnTable(times []character, from float64) reply {
	if len(times) == 0 {
		return nil
	}
	var chars []string
	var starts, lengths []float64
	for _, c := range times {
		chars, starts, lengths = append(chars, c.text), append(starts, c.start-from), append(lengths, c.length)
	}
	return reply{"chars": chars, "char_start_times_ms": starts, "char_durations_ms": lengths}
}

func TestDialogueSuite(t *testing.T) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:     func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
		Request:  dialogueRequest,
		Script:   dialogueScript,
		Errors:   errorCases(false),
		Statuses: statusKinds,
		Closes:   closeKinds,
	})
}

// The vendor's error of a dialogue says which of its members is at fault.
func TestDialogueErrorNamesAParameter(t *testing.T) {
	f := &frame{}
	raw := `{"message":"voice not found: ` + strings.Repeat("x", 9) + `","error":"voice_not_found","code":1008,"param":"voices"}`
	if err := json.Unmarshal([]byte(raw), f); err != nil || !f.failed() {
		t.Fatalf("%s is no error: %v", raw, err)
	}
	if err := frameError(f); err.Kind != upstream.Rejected || err.Code != "voice_not_found" {
		t.Errorf("got %v, want rejected", err)
	}
}
