package soniox

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const sentence = "One two three four. Five six seven eight."

func TestSonioxFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: path, Quirks: []string{"oddChunks:false", "limit:none"},
		Speak: []string{configOf("s1", ""), textOf("s1", sentence, true)},
		Waits: []string{configOf("s2", ""), configOf("s3", ""), textOf("s3", "More", false)},
		Rate:  24000, Audio: "audio", Stream: "stream_id", Code: "503",
		Ended:  func(m map[string]any) bool { return m["terminated"] == true },
		Failed: func(m map[string]any, code string) bool { return fmt.Sprint(m["error_code"]) == code },
	})
}

// A stream that fails leaves its socket and the other streams alone; so does one that stalls, which can be cancelled.
func TestSonioxStreamsFailAlone(t *testing.T) {
	for fault, kind := range map[string]engine.FaultKind{"error": engine.ErrorFrame, "stall": engine.Stall} {
		t.Run(fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{Pace: 4}, "limit:none")
				c.Send(configOf("good", ""), textOf("good", sentence, false))
				c.until("good", "audio")
				c.Server.SetFault(engine.Fault{Kind: kind, Code: 500, After: 100 * time.Millisecond})
				c.Send(configOf("bad", ""), textOf("bad", sentence, true))
				c.until("bad", "audio")
				if kind == engine.Stall {
					c.Send(cancelOf("bad"))
				}
				all := c.until("bad", "terminated")
				if failed := all[len(all)-1]["error_code"] != nil || len(all) > 1 && all[len(all)-2]["error_code"] != nil; failed != (kind == engine.ErrorFrame) {
					t.Errorf("got %v", all)
				}
				c.Send(textOf("good", " Nine.", true))
				c.until("good", "audio_end")
			})
		})
	}
}
