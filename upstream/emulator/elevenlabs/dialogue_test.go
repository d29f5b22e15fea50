package elevenlabs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const (
	testVoice      = "21m00Tcm4TlvDq8ikWAM"
	dialoguePath   = "/v1/text-to-dialogue/stream-input?model_id=eleven_v4_turbo&output_format=pcm_24000&authorization=" + testKey
	registerVoices = `{"voices":["` + testVoice + `"],"voice_settings":{"stability":0.5}}`
)

// inputs is a message of a dialogue that has a text spoken.
func inputs(text string, flush bool) string {
	return fmt.Sprintf(`{"inputs":[{"text":%q,"voice_id":%q}],"flush":%t}`, text, testVoice, flush)
}

func TestDialogueTranscripts(t *testing.T) {
	enginetest.PlayTranscripts(t, enginetest.Dialect{
		Vendor: Vendor, Files: "dialogue/*",
		Options: engine.Options{APIKey: testKey, Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second},
		Quirks: []string{
			"authBy:error", "falseFinal:false", "errorNamesContext:false", "emptyTurn:false", "turnMarks:false", "turnAtEnd:false", "oddChunks:false",
		},
		Fixed: []string{"is_final", "is_final_audio_for_turn", "context_id", "message", "error", "code"}, Stream: "context_id",
		Audio:   func(f map[string]any) bool { return f["audio"] != nil },
		Replace: []string{"<10001 characters>", strings.Repeat("a", maxText+1)},
	})
}

func TestDialogueFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: dialoguePath,
		Quirks: []string{"oddChunks:false", "authBy:error", "errorNamesContext:false"},
		Speak:  []string{registerVoices, inputs(longSentence, true)}, Charge: int64(len(longSentence)) * charMicros,
		Rate: 24000, Audio: "audio", Code: quota,
		Ended:  func(m map[string]any) bool { return m["is_final_audio_for_turn"] == true },
		Failed: func(m map[string]any, code string) bool { return m["error"] == code },
	})
}

// dialogueFrame is any frame of a dialogue.
type dialogueFrame struct {
	Audio     string `json:"audio"`
	TurnEnds  bool   `json:"is_final_audio_for_turn"`
	Final     bool   `json:"is_final"`
	Alignment *struct {
		Chars     []string `json:"chars"`
		Starts    []int64  `json:"char_start_times_ms"`
		Durations []int64  `json:"char_durations_ms"`
	} `json:"alignment"`
}

// Each message's characters are timed from its own first sample, and all of the text is there; so is the audio of each turn
// before its end.
func TestDialogueTimesAreOfTheirMessage(t *testing.T) {
	texts := []string{"Hello there, how do you do on this fine day? ", "Yes."}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Seed: seed, APIKey: testKey}}, dialoguePath+"&sync_alignment=true",
					map[string][]string{"Xi-Api-Key": {testKey}})
				c.Send(registerVoices)
				for _, text := range texts {
					c.Send(inputs(text, true))
					var raw []byte
					var said strings.Builder
					for {
						var f dialogueFrame
						r := c.Next()
						if err := json.Unmarshal(r.Data, &f); r.Err != nil || err != nil {
							t.Fatalf("got %q, %v, %v", r.Data, r.Err, err)
						}
						if f.TurnEnds {
							break
						}
						frame := enginetest.Audio(t, f.Audio)
						raw = append(raw, frame...)
						if f.Alignment == nil {
							continue // the last bytes of a turn may have none
						}
						length := audio.Duration(int64(len(frame)/2), 24000).Milliseconds()
						for i, char := range f.Alignment.Chars {
							said.WriteString(char)
							if f.Alignment.Starts[i] < 0 || f.Alignment.Starts[i] > length+1 {
								t.Errorf("%q begins at %d ms of %d", char, f.Alignment.Starts[i], length)
							}
						}
					}
					if said.String() != text {
						t.Errorf("timed %q, want %q", said.String(), text)
					}
					enginetest.WantWords(t, raw, native, text)
				}
			})
		})
	}
}

// A close has all spoken, flushed or not: there is no cancel.
func TestDialogueCloseSpeaksAll(t *testing.T) {
	for _, quirk := range []string{"closeKeeps:flushed", "closeKeeps:begun", "closeKeeps:all"} {
		t.Run(quirk, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{APIKey: testKey, Pace: 4}, Quirks: []string{quirk}}, dialoguePath, nil)
				c.Send(registerVoices, inputs(longSentence, false), inputs("Yes.", false), `{"close_socket":true}`)
				var raw []byte
				for {
					fields := c.Fields()
					if fields["is_final"] == true {
						break
					}
					if fields["audio"] != nil {
						raw = append(raw, enginetest.Audio(t, fields["audio"])...)
					}
				}
				enginetest.WantWords(t, raw, native, longSentence+"Yes.")
				if st := c.Server.Stats(); len(st.Cancels) != 0 {
					t.Errorf("noted %v as cancels", st.Cancels)
				}
			})
		})
	}
}
