package vogent

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream/emulator/voice"
)

func TestVogentTimeShapes(t *testing.T) {
	words := []voice.WordTime{
		{Text: "Hello", End: 320 * time.Millisecond},
		{Text: "there", Start: 350 * time.Millisecond, End: 600 * time.Millisecond},
	}
	tests := map[string]string{ // by shape and unit: the contents of the messages
		"list s":    `[[{"end":0.32,"start":0,"word":"Hello"},{"end":0.6,"start":0.35,"word":"there"}]]`,
		"list ms":   `[[{"end":320,"start":0,"word":"Hello"},{"end":600,"start":350,"word":"there"}]]`,
		"long s":    `[[{"endTime":0.32,"startTime":0,"text":"Hello"},{"endTime":0.6,"startTime":0.35,"text":"there"}]]`,
		"named s":   `[[{"endMs":320,"startMs":0,"word":"Hello"},{"endMs":600,"startMs":350,"word":"there"}]]`,
		"arrays ms": `[{"end":[320,600],"start":[0,350],"words":["Hello","there"]}]`,
		"single s":  `[{"end":0.32,"start":0,"word":"Hello"},{"end":0.6,"start":0.35,"word":"there"}]`,
	}
	for name, want := range tests {
		var q quirks
		if _, err := fmt.Sscan(name, &q.timesShape, &q.timesUnit); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(times(q, words))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, want)
		}
		if got := times(q, nil); len(got) != 0 {
			t.Errorf("%s: got %v of no words", name, got)
		}
	}
}
