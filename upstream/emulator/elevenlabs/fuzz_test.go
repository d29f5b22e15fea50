package elevenlabs

import (
	"net/url"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

// FuzzElevenLabs sends whatever messages, one a line, to a server of any seed: it must answer or not, and end.
func FuzzElevenLabs(f *testing.F) {
	f.Add(uint64(1), "pcm_24000", []byte(helloMessage+"\n"+closeMessage))
	f.Add(uint64(2), "", []byte(`{"text":"Hi. ","flush":true}`+"\n"+`{"text":""}`+"\n"+`{"close_socket":true}`+"\n"+helloMessage))
	f.Add(uint64(3), "mp3_44100_128", []byte(`{"text":" ","context_id":"c","generation_config":{"chunk_length_schedule":[50]},"voice_settings":{"speed":1e308}}`+"\n[1]\n"))
	f.Add(uint64(4), "ulaw_8000", []byte("null\n\n{\"text\":7}\n\xff\xfe"))
	f.Add(uint64(5), "pcm_8000", []byte(helloMessage+"\n"+helloMessage+"\n"+`{"context_id":"c","flush":true,"close_context":true}`+"\n"+closeMessage+"\n"+closeMessage))
	f.Fuzz(func(t *testing.T, seed uint64, format string, messages []byte) {
		query := url.Values{"output_format": {format}, "sync_alignment": {"true"}}
		enginetest.Flood(t, Vendor, "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input?"+query.Encode(), seed, messages)
	})
}
