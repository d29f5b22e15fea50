package main

import (
	"voicerelay/upstream"
	"voicerelay/upstream/assemblyai"
	"voicerelay/upstream/cartesia"
	"voicerelay/upstream/command"
	"voicerelay/upstream/deepgram"
	"voicerelay/upstream/elevenlabs"
	"voicerelay/upstream/fish"
	"voicerelay/upstream/inworld"
	"voicerelay/upstream/kugelaudio"
	"voicerelay/upstream/minimax"
	"voicerelay/upstream/openai"
	"voicerelay/upstream/rime"
	"voicerelay/upstream/soniox"
	"voicerelay/upstream/together"
	"voicerelay/upstream/tone"
	"voicerelay/upstream/uplift"
	"voicerelay/upstream/vogent"
	"voicerelay/upstream/wyoming"
	"voicerelay/upstream/zeligate"
)

// drivers is the one list of providers' drivers: what `adapter:` may name.
func drivers() []upstream.Driver {
	return []upstream.Driver{
		assemblyai.Driver, cartesia.Driver, command.Driver, deepgram.Driver, elevenlabs.Driver, fish.Driver, inworld.Driver,
		kugelaudio.Driver, minimax.Driver, openai.Driver, rime.Driver, soniox.Driver, together.Driver, tone.Driver,
		uplift.Driver, vogent.Driver, wyoming.Driver, zeligate.Driver,
	}
}
