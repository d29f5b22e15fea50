package plain

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// mostOfCall bounds a body with a whole call in it: an hour of talk with its tools is some hundred KiB.
const mostOfCall = 16 << 20

// platforms are those that are known.
func platforms() []platform {
	return []platform{
		{
			// https://docs.vapi.ai/customization/custom-voices/custom-tts; the types of @vapi-ai/server-sdk 2.0.1.
			name: "vapi", path: "/vapi/voice", mostBytes: mostOfCall, key: vapiKey, usualRate: 24000,
			text: "message.text", voice: "message.assistant.voice.voiceId", rate: "message.sampleRate",
			metadata: map[string]string{"call_id": "message.call.id", "assistant_id": "message.call.assistantId"},
			output:   rawOf("application/octet-stream"),
		},
		{
			// jambonz' custom speech vendors over HTTP; speech-utils 0.2.27.
			name: "jambonz", path: "/jambonz/tts", key: downstream.AnyKey, usualRate: 8000,
			text: "text", voice: "voice", language: "language", markup: "type",
			output: jambonzOutput,
		},
		{
			// Tencent RTC, Conversational AI, "Custom TTS".
			name: "tencent", path: "/tencent/tts", key: downstream.AnyKey, usualRate: 16000,
			text: "Text", rate: "SampleRate", encoding: "Format", channels: "Channel", onceHeader: "X-Request-Id",
			output: tencentOutput,
		},
		{
			// Alibaba Intelligent Media Services, real-time agents, self-developed TTS.
			name: "alibaba", path: "/alibaba/tts", key: downstream.AnyKey, keyField: "Token", usualRate: 16000,
			text: "Text", voice: "VoiceId", rate: "SampleRate",
			output: rawOf("audio/pcm"),
		},
	}
}

// Bounds of fields in bytes. A text is bounded by the key's limits, which count characters; this is what JSON may make of them.
const (
	mostText   = 1 << 20
	mostName   = 4 * protocol.MaxNameLength
	mostOption = 64
)

// kept are the fields that are read.
func (p platform) kept() map[string]keep {
	kept := map[string]keep{}
	for path, most := range map[string]int{
		p.text: mostText, p.voice: mostName, p.keyField: mostName, p.language: mostOption, p.rate: mostOption, p.markup: mostOption,
		p.encoding: mostOption, p.channels: mostOption,
	} {
		if path != "" {
			kept[path] = keep{most: most}
		}
	}
	for _, path := range p.metadata {
		kept[path] = keep{most: protocol.MaxMetadataBytes, optional: true}
	}
	return kept
}

// once is the key under which a request is spoken once.
func (p platform) once(r *http.Request) (string, *protocol.Error) {
	const header = "Idempotency-Key"
	key, refused := downstream.IdempotencyKey(r, header)
	if refused != nil || key != "" || p.onceHeader == "" {
		return key, refused
	}
	return downstream.IdempotencyKey(r, p.onceHeader)
}

// vapiKey is also where Vapi put a server's secret before it had credentials.
func vapiKey(r *http.Request) string {
	return cmp.Or(downstream.AnyKey(r), strings.TrimSpace(r.Header.Get("X-Vapi-Secret")))
}
