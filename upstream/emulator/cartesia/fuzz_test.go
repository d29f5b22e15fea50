package cartesia

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

// sentenceStart is a whole request, less its end: what is added may replace any of it.
const sentenceStart = `{"model_id":"sonic-3","transcript":"Hi. There","voice":{"mode":"id","id":"v"},"context_id":"c","output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":8000},"add_timestamps":true`

func FuzzCartesia(f *testing.F) {
	f.Add(uint64(1), "2026-03-01", []byte(sentenceStart+`,"continue":true}`+"\n"+sentenceStart+`,"transcript":""}`))
	f.Add(uint64(2), "2025-04-16", []byte(sentenceStart+`}`+"\n"+`{"context_id":"c","cancel":true}`+"\n"+sentenceStart+`}`))
	f.Add(uint64(3), "", []byte(sentenceStart+`,"continue":true,"max_buffer_delay_ms":-9223372036854775808}`+"\n[1]\n"))
	f.Add(uint64(4), "2026-03-01", []byte("null\n\n{\"transcript\":7}\n\xff\xfe\n"+sentenceStart+`,"continue":true,"flush":true}`))
	f.Add(uint64(5), "2026-03-01", []byte(sentenceStart+`,"generation_config":{"speed":1e308,"volume":-1}}`+"\n"+`{"cancel":true}`))
	f.Fuzz(func(t *testing.T, seed uint64, version string, messages []byte) {
		if version != "2025-04-16" {
			version = structuredErrors // the two kinds; what is no version may be refused
		}
		enginetest.Flood(t, Vendor, "/tts/websocket?cartesia_version="+version, seed, messages)
	})
}
