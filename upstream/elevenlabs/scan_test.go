package elevenlabs

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// scanned are the names that the scanner knows, as the decoder would take them in any case of letters.
var scanned = []string{"audio", "isFinal", "is_final", "contextId", "context_id", "error", "alignment", "normalizedAlignment"}

// differs reports whether the decoder reads data by other rules than the scanner, knowingly: names in another case, control
// characters and broken UTF-8.
func differs(data []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return true
	}
	for name := range members {
		for _, known := range scanned {
			if name != known && strings.EqualFold(name, known) {
				return true
			}
		}
	}
	return bytes.ContainsFunc(data, func(r rune) bool { return r < ' ' || r == '\ufffd' })
}

// FuzzScan holds the scanner to the decoder: what it takes has the same context, audio and times to that, too.
func FuzzScan(f *testing.F) {
	const times = `{"chars":["\"","}"," "],"charStartTimesMs":[0,1,2],"charDurationsMs":[1,1,1]}`
	f.Add([]byte(`{"audio":"AAAA","isFinal":null,"contextId":"s.0","alignment":` + times + `,"normalizedAlignment":` + times + `}`))
	f.Add([]byte(`{"audio":"AAAA","context_id":"s.0","contextId":null,"alignment":null,"normalizedAlignment":` + times + `}`))
	f.Add([]byte(`{"audio":"","contextId":"s.0","alignment":{"chars":[]},"normalizedAlignment":` + times + `}`))
	f.Add([]byte(`{"audio":"AAAA","contextId":"s.0","alignment":{"chars":["\\"],"charsStartTimesMs":[1e3]},"normalizedAlignment":{}}`))
	f.Add([]byte(`{"audio":"AAAA","contextId":"s.0","alignment":[}`))
	f.Add([]byte(`{"audio":"AAAA","contextId":"s.0","alignment":{"chars":1}}`))
	f.Add([]byte(`{"audio":"AAAA","contextId":"s.0","alignment":{"chars":["\`))
	f.Fuzz(func(t *testing.T, data []byte) {
		context, p, ok := scanAudio(data)
		if !ok || differs(data) {
			return
		}
		var want frame
		var mistyped *json.UnmarshalTypeError
		if err := json.Unmarshal(data, &want); errors.As(err, &mistyped) && mistyped.Field == "context_id" {
			return // the scanner looks at one id only
		} else if err != nil {
			t.Fatalf("took %q: %v", data, err)
		}
		audio, _ := content(want.Audio)
		if want.failed() || want.final() || want.context() != string(context) || !bytes.Equal(audio, p.base64) {
			t.Errorf("%q: got context %q and audio %q, the decoder has %+v", data, context, p.base64, want)
		}
		if got := p.times; !reflect.DeepEqual(got, want.times()) && !(got.empty() && want.times().empty()) {
			t.Errorf("%q: got %+v, the decoder has %+v", data, got, want.times())
		}
	})
}

func (a *alignment) empty() bool { return a == nil || len(a.Chars) == 0 }

func TestAudioWithTimesIsScanned(t *testing.T) {
	if _, p, ok := scanAudio(timedFrame("s.0")); !ok || p.times.empty() {
		t.Errorf("got %v with %+v, want it taken with its times", ok, p.times)
	}
	for name, times := range map[string]string{"no JSON": `{"chars":["a",]}`, "a mismatch": `{"chars":[1]}`, "a list": `[]`} {
		if _, _, ok := scanAudio([]byte(`{"audio":"AAAA","contextId":"s.0","alignment":` + times + `}`)); ok {
			t.Errorf("%s is taken", name)
		}
		if _, _, ok := scanAudio([]byte(`{"audio":"AAAA","contextId":"s.0","alignment":null,"normalizedAlignment":` + times + `}`)); ok {
			t.Errorf("%s is taken for normalized times", name)
		}
	}
}
