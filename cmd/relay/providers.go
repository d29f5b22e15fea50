package main

import (
	"strings"

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

// drivers is the one list of providers' drivers: what `adapter:` may name.
func drivers() []upstream.Driver {
	return []upstream.Driver{
		cartesia.Driver, command.Driver, deepgram.Driver, elevenlabs.Driver, kugelaudio.Driver, together.Driver, tone.Driver,
		uplift.Driver, vogent.Driver, zeligate.Driver,
	}
}

// driver is the driver of an adapter's name.
func (e environment) driver(adapter string) (upstream.Driver, bool) {
	for _, d := range e.drivers {
		if d.Name() == adapter {
			return d, true
		}
	}
	return upstream.Driver{}, false
}

// adapters lists what there is, for faults.
func (e environment) adapters() string {
	var names []string
	for _, d := range e.drivers {
		names = append(names, d.Name())
	}
	return strings.Join(names, ", ")
}
