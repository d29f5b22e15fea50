package zeligate

import (
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// FuzzZeligate sends whatever messages, one a line, to a box of any seed: it must answer or not, and end.
func FuzzZeligate(f *testing.F) {
	f.Add(uint64(1), "pcm_24000", []byte(`{"text":" "}`+"\n"+sentence+"\n"+eos))
	f.Add(uint64(2), "wav_8000", []byte(`{"text":"Hi. ","flush":true,"try_trigger_generation":true}`+"\n"+`{"text":""}`))
	f.Add(uint64(3), "mp3_44100_128", []byte(`{"text":" ","generation_config":{"chunk_length_schedule":[1]},"voice_settings":{"speed":1e308}}`+"\n[1]\n"))
	f.Add(uint64(4), "", []byte("null\n\n{\"text\":7}\n\xff\xfe"))
	f.Add(uint64(5), "opus_48000_32", []byte(`{"text":" ","generation_config":{"chunk_length_schedule":[-1,9223372036854775807]}}`))
	f.Fuzz(func(t *testing.T, seed uint64, format string, messages []byte) {
		path := "/v1/text-to-speech/custom-a/stream-input"
		if _, ok := engine.OutputFormatOf(format); ok {
			path += "?output_format=" + format
		}
		enginetest.Flood(t, Vendor, path, seed, messages)
	})
}
