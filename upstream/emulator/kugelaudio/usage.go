package kugelaudio

import (
	"encoding/json"
	"fmt"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// sendClosed is a context's end. Without speech it has no usage.
// context_closed is a context's only end on the wire, and carries the usage of it (KugelAudio's docs, Multi-context). Whether it
// does so after an immediate close is not documented, and drawn.
func (k *speechContext) sendClosed(usage bool) {
	o := engine.Object{"context_closed": true}
	if usage && k.characters > 0 {
		o["usage"] = k.usage()
	}
	k.send(o)
}

// usage is what has been generated, and what it costs. Where the charge is not known, the vendor sends null with
// cost_unavailable, and no currency. Costs are cents of a euro.
func (k *speechContext) usage() engine.Object {
	model := k.settings.ModelID
	if model == "" { // the vendor's SDK reads this one: docs/providers.md, "What the vendors' own clients settle"
		model = "kugel-3.5"
	}
	u := engine.Object{
		"audio_seconds": float64(k.samples) / engine.NativeRate, "characters": k.characters, "model_id": model,
	}
	if k.fault.Kind == engine.NullCost { // null, and a field that says so
		u["cost_cents"], u["cost_unavailable"] = nil, true
		return u
	}
	micros := k.centMicros()
	u["cost_cents"] = json.Number(fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6))
	u["currency"] = "eur"
	return u
}

// charge counts generated audio.
// The vendor bills seconds of generated audio, whether or not the client has heard them.
func (k *speechContext) charge(samples int64) {
	k.samples += samples
	k.conn.charge(samples)
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		s.Audio = audio.Duration(k.samples, engine.NativeRate)
		s.Charge = (k.centMicros() + 50) / 100 // rounded half up
	})
}

// centMicros is the charge in millionths of a cent.
func (k *speechContext) centMicros() int64 { return k.samples * centMicros / engine.NativeRate }
