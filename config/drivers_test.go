package config

import (
	"voicerelay/upstream"
	"voicerelay/upstream/cartesia"
	"voicerelay/upstream/command"
	"voicerelay/upstream/deepgram"
	"voicerelay/upstream/elevenlabs"
	"voicerelay/upstream/kugelaudio"
	"voicerelay/upstream/together"
	"voicerelay/upstream/tone"
	"voicerelay/upstream/uplift"
	"voicerelay/upstream/vogent"
	"voicerelay/upstream/zeligate"
)

// someDrivers are what the files of these tests name.
func someDrivers() []upstream.Driver {
	return []upstream.Driver{
		cartesia.Driver, command.Driver, deepgram.Driver, elevenlabs.Driver, kugelaudio.Driver, together.Driver, tone.Driver,
		uplift.Driver, vogent.Driver, zeligate.Driver,
	}
}
