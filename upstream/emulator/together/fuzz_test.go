package together

import (
	"net/url"
	"strings"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func FuzzTogetherFrames(f *testing.F) {
	f.Add(uint64(1), "?segment=sentence&voice=af_heart", appendFrame("", "Hello. There")+"\n"+commitFrame(""))
	f.Add(uint64(2), speechQuery, appendFrame("a", "Hello")+"\n"+cancelFrame("a")+"\n"+commitFrame("a"))
	f.Add(uint64(3), "?max_partial_length=1&segment=sentence&voice=af_heart", appendFrame("", strings.Repeat("word ", 40)))
	f.Add(uint64(4), "?segment=immediate&alignment=word", `{"type":"tts_session.updated","session":{"speed":1e300}}`+"\n"+`{"type":1}`)
	f.Add(uint64(5), "?extra_params={}&speed=0x1p-2", `{"type":"input_text_buffer.clear","context_id":"\u0000"}`+"\nnull\n[]\n\"")
	f.Fuzz(func(t *testing.T, seed uint64, query, frames string) {
		values, _ := url.ParseQuery(strings.TrimPrefix(query, "?")) // what there is of it
		enginetest.Flood(t, Vendor, path+"?"+values.Encode(), seed, []byte(frames))
	})
}
