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

// FuzzDialogue does the same with a dialogue's sockets.
func FuzzDialogue(f *testing.F) {
	f.Add(uint64(1), true, []byte(registerVoices+"\n"+inputs("Hi. ", true)+"\n"+`{"close_socket":true}`))
	f.Add(uint64(2), true, []byte(registerVoices+"\n"+`{"keep_alive":true}`+"\n"+`{"flush":true}`+"\n"+`{"inputs":[{"text":"a","voice_id":"none"}]}`))
	f.Add(uint64(3), false, []byte(`{"context_id":"c","voices":["21m00Tcm4TlvDq8ikWAM"]}`+"\n"+`{"context_id":"c","inputs":[{"text":"Hi.","voice_id":"21m00Tcm4TlvDq8ikWAM","new_turn":true}]}`+"\n"+
		`{"context_id":"c","close_context":true}`+"\n"+`{"close_socket":true}`))
	f.Add(uint64(4), false, []byte("null\n\n{\"inputs\":7}\n\xff\xfe"))
	f.Fuzz(func(t *testing.T, seed uint64, single bool, messages []byte) {
		path := "/v1/text-to-dialogue/multi-stream-input"
		if single {
			path = "/v1/text-to-dialogue/stream-input"
		}
		enginetest.Flood(t, Vendor, path+"?model_id=eleven_v4_turbo&output_format=pcm_8000&sync_alignment=true", seed, messages)
	})
}
