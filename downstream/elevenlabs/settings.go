package elevenlabs

import (
	"encoding/json"
	"fmt"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
)

// voiceSettings is how a voice is to speak. nil: as it does.
type voiceSettings struct {
	Speed           downstream.Number `json:"speed"`
	Stability       downstream.Number `json:"stability"`
	SimilarityBoost downstream.Number `json:"similarity_boost"`
	Style           downstream.Number `json:"style"`
	UseSpeakerBoost downstream.Flag   `json:"use_speaker_boost"`
}

// check refuses values out of range. The vendor takes a speed from 0.7 to 1.2, older models of it more; the relay takes all that
// its own protocol does.
func (v *voiceSettings) check() *protocol.Error {
	if v == nil {
		return nil
	}
	for _, f := range []struct {
		name        string
		value       downstream.Number
		least, most float64
	}{
		{"speed", v.Speed, protocol.MinSpeed, protocol.MaxSpeed},
		{"stability", v.Stability, 0, 1},
		{"similarity_boost", v.SimilarityBoost, 0, 1},
		{"style", v.Style, 0, 1},
	} {
		if f.value.Set && !(f.value.Value >= f.least && f.value.Value <= f.most) { // NaN is out of range too
			param := "voice_settings." + f.name
			return downstream.Invalid(param, fmt.Sprintf("%s must be from %v to %v", param, f.least, f.most))
		}
	}
	return nil
}

// speed is how fast to speak.
func (v *voiceSettings) speed() float64 {
	if v == nil || !v.Speed.Set {
		return 1
	}
	return v.Speed.Value
}

// adapter is the name of the vendor's own adapter, whose accounts take the vendor's settings.
const adapter = "elevenlabs"

// options are the settings that only the vendor's own accounts understand, for each of those in the configuration; nil: none.
func (v *voiceSettings) options(on *relay.Terms) map[string]json.RawMessage {
	own := v.own()
	if own == nil {
		return nil
	}
	var options map[string]json.RawMessage
	for _, p := range on.Setup.Providers() {
		if p.Adapter != adapter {
			continue
		}
		if options == nil {
			options = make(map[string]json.RawMessage)
		}
		options[p.Name] = own
	}
	return options
}

// own is the settings without the speed, as JSON; nil: there are none.
func (v *voiceSettings) own() json.RawMessage {
	if v == nil {
		return nil
	}
	set := make(map[string]any)
	for name, n := range map[string]downstream.Number{"stability": v.Stability, "similarity_boost": v.SimilarityBoost, "style": v.Style} {
		if n.Set {
			set[name] = n.Value
		}
	}
	if v.UseSpeakerBoost.Set {
		set["use_speaker_boost"] = v.UseSpeakerBoost.Value
	}
	if len(set) == 0 {
		return nil
	}
	return downstream.Encode(set)
}
