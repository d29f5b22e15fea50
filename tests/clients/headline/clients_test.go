package headline_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"voicerelay/tests/clients/plain"
	"voicerelay/tests/clients/rig"
)

// client is a program of another folder, or a platform.
type client struct {
	name, dialect string
	play          func(t *testing.T, r *rig.Rig) *rig.Told
	turn          string // its id
	timed         bool   // it has times of words
	secured       bool   // it insists on wss
}

func python(script string, args ...string) func(t *testing.T, r *rig.Rig) *rig.Told {
	return func(t *testing.T, r *rig.Rig) *rig.Told { return r.Python(t, "../"+script, args...) }
}

func node(script string, args ...string) func(t *testing.T, r *rig.Rig) *rig.Told {
	return func(t *testing.T, r *rig.Rig) *rig.Told { return r.Node(t, "../"+script, args...) }
}

var clients = []client{
	{name: "LiveKit Agents, Python", dialect: "LiveKit Inference", play: python("livekit/client.py", "speak", text), timed: true},
	{name: "LiveKit Agents, Python", dialect: "OpenAI", play: python("openai/agent.py", "speak", text)},
	{name: "LiveKit Agents, Python", dialect: "ElevenLabs", play: python("elevenlabs/agent_livekit.py", "speak", text), timed: true},
	{name: "LiveKit Agents, Python", dialect: "Cartesia", play: python("cartesia/agent.py", "speak", text), timed: true},
	{name: "LiveKit Agents, Python", dialect: "Deepgram", play: python("deepgram/client.py", "livekit-v1", "turns", text), turn: "t0"},
	{name: "LiveKit Agents, Python", dialect: "Deepgram Flux", play: python("deepgram/client.py", "livekit-v2", "turns", text), turn: "t0"},
	{name: "LiveKit Agents, JavaScript", dialect: "LiveKit Inference", play: node("livekit/client.mjs", "speak", text), timed: true},
	{name: "LiveKit Agents, JavaScript", dialect: "OpenAI", play: node("openai/agent.mjs", "speak", text)},
	{name: "LiveKit Agents, JavaScript", dialect: "ElevenLabs", play: node("elevenlabs/agent_livekit.mjs", "speak", text), timed: true},
	{name: "LiveKit Agents, JavaScript", dialect: "Cartesia", play: node("cartesia/agent.mjs", "speak", text), timed: true},
	{name: "LiveKit Agents, JavaScript", dialect: "Deepgram", play: node("deepgram/client.mjs", "livekit", "turns", text), turn: "t0"},
	{name: "Pipecat", dialect: "OpenAI", play: python("openai/bot.py", "speak", text)},
	{name: "Pipecat", dialect: "ElevenLabs", play: python("elevenlabs/agent_pipecat.py", "speak", text), timed: true},
	{name: "Pipecat", dialect: "ElevenLabs, HTTP", play: python("elevenlabs/agent_pipecat.py", "http", text), timed: true},
	{name: "Pipecat", dialect: "Cartesia", play: python("cartesia/service.py", "speak", text), timed: true},
	{name: "Pipecat", dialect: "Cartesia, HTTP", play: python("cartesia/service.py", "http", text)},
	{name: "Pipecat", dialect: "Deepgram", play: python("deepgram/client.py", "pipecat", "turns", text), turn: "t0"},
	{name: "Pipecat", dialect: "Deepgram Flux", play: python("deepgram/client.py", "pipecat-flux", "turns", text), turn: "t0"},
	{name: "Pipecat", dialect: "Deepgram, HTTP", play: python("deepgram/client.py", "pipecat-http", "turns", text), turn: "t0"},
	{name: "OpenAI's SDK, Python", dialect: "OpenAI", play: python("openai/sdk.py", "stream", text)},
	{name: "OpenAI's SDK, JavaScript", dialect: "OpenAI", play: node("openai/sdk.mjs", "stream", text)},
	{name: "ElevenLabs' SDK, Python", dialect: "ElevenLabs, HTTP", play: python("elevenlabs/sdk.py", "stream_timed", text), timed: true},
	{name: "ElevenLabs' SDK, Python", dialect: "ElevenLabs, real time", play: python("elevenlabs/sdk.py", "realtime", text, "narrator", "1"), secured: true},
	{name: "ElevenLabs' SDK, JavaScript", dialect: "ElevenLabs, HTTP", play: node("elevenlabs/sdk.mjs", "stream_timed", text), timed: true},
	{name: "Cartesia's SDK, Python", dialect: "Cartesia", play: python("cartesia/sdk.py", "context", first, second), timed: true},
	{name: "Cartesia's SDK, JavaScript", dialect: "Cartesia", play: node("cartesia/sdk.mjs", "context", first, second), timed: true, secured: true},
	{name: "Deepgram's SDK, Python", dialect: "Deepgram", play: python("deepgram/client.py", "sdk-v1", "turns", text), turn: "t0"},
	{name: "Deepgram's SDK, Python", dialect: "Deepgram Flux", play: python("deepgram/client.py", "sdk-v2", "turns", text), turn: "t0"},
	{name: "Deepgram's SDK, JavaScript", dialect: "Deepgram", play: node("deepgram/client.mjs", "sdk-v1", "turns", text), turn: "t0"},
	{name: "Deepgram's SDK, JavaScript", dialect: "Deepgram Flux", play: node("deepgram/client.mjs", "sdk-v2", "turns", text), turn: "t0"},
	{name: "jambonz' stream, replayed", dialect: "jambonz", play: python("jambonz/replay.py", "turns", text), turn: "t0"},
	{name: "Vapi, replayed", dialect: "Vapi", play: platform(plain.Platforms[0])},
	{name: "jambonz' POST, replayed", dialect: "jambonz", play: platform(plain.Platforms[1])},
	{name: "Tencent RTC, replayed", dialect: "Tencent", play: platform(plain.Platforms[2])},
	{name: "Alibaba IMS, replayed", dialect: "Alibaba", play: platform(plain.Platforms[3])},
	{name: "Agora, replayed", dialect: "OpenAI", play: platform(plain.Platforms[4])},
	{name: "any HTTP client", dialect: "the relay's own", play: python("rig/speak.py", "speak", text), timed: true},
}

// platform sends a platform's request, with the second sentence behind the first.
func platform(p plain.Platform) func(t *testing.T, r *rig.Rig) *rig.Told {
	return func(t *testing.T, r *rig.Rig) *rig.Told {
		t.Helper()
		began := time.Now()
		told := &rig.Told{}
		tell := func(line rig.Line) {
			line.At = time.Since(began).Seconds()
			told.Lines = append(told.Lines, line)
		}
		answer := p.Ask(t.Context(), t, r, "nine ten.", "nine ten. "+second)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("status %d", answer.StatusCode)
		}
		for {
			data := make([]byte, rate) // half a second
			n, err := answer.Body.Read(data)
			if n > 0 {
				tell(rig.Line{Audio: data[:n]})
			}
			switch {
			case errors.Is(err, io.EOF):
				tell(rig.Line{Ended: true})
				return told
			case err != nil:
				tell(rig.Line{Error: &rig.Error{Message: err.Error()}})
				return told
			}
		}
	}
}
