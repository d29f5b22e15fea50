package wyoming

import (
	"slices"
	"strings"

	"voicerelay/upstream/emulator/engine"
)

// Rates of Piper's voices, by their quality, in hertz.
const (
	mediumRate = 22050
	lowRate    = 16000
)

// voiceModel is a voice that the server has.
type voiceModel struct {
	name     string
	language string
	rate     int
	speakers []string
}

// voices are some of Piper's. The first one speaks where a client names none.
func voices() []voiceModel {
	return []voiceModel{
		{name: "en_US-joe-medium", language: "en_US", rate: mediumRate},
		{name: "en_US-amy-low", language: "en_US", rate: lowRate},
		{name: "en_US-libritts_r-medium", language: "en_US", rate: mediumRate, speakers: []string{"p3922", "p8699"}},
		{name: "de_DE-thorsten-medium", language: "de_DE", rate: mediumRate},
	}
}

// voiceOf is the voice that a client asks for, by its name or by a language. A name that there is not is an error, a language that
// there is not is spoken by the first voice.
func voiceOf(data map[string]any) (v voiceModel, wrong string) {
	wanted, _ := data["voice"].(map[string]any)
	name, _ := wanted["name"].(string)
	language, _ := wanted["language"].(string)
	all := voices()
	of := func(match func(voiceModel) bool) int { return slices.IndexFunc(all, match) }
	if name != "" {
		if i := of(func(v voiceModel) bool { return v.name == name }); i >= 0 {
			return all[i], ""
		}
		return v, name
	}
	i := of(func(v voiceModel) bool {
		return language != "" && strings.HasPrefix(v.language, strings.ReplaceAll(language, "-", "_"))
	})
	return all[max(i, 0)], ""
}

// info says what the server has: one program that speaks, and none of the other kinds. streaming: text may come in chunks.
func info(streaming bool) event {
	attribution := engine.Object{"name": "rhasspy", "url": "https://github.com/rhasspy/piper"}
	var models []engine.Object
	for _, v := range voices() {
		model := engine.Object{
			"name": v.name, "languages": []string{v.language}, "attribution": attribution, "installed": true, "description": v.name, "version": "1.0.0",
		}
		if v.speakers != nil {
			var speakers []engine.Object
			for _, s := range v.speakers {
				speakers = append(speakers, engine.Object{"name": s})
			}
			model["speakers"] = speakers
		}
		models = append(models, model)
	}
	program := engine.Object{
		"name": "piper", "attribution": attribution, "installed": true, "description": "A fast, local, neural text to speech engine",
		"version": "2.5.2", "voices": models, "supports_synthesize_streaming": streaming,
	}
	data := map[string]any{"tts": []engine.Object{program}}
	for _, kind := range []string{"asr", "handle", "intent", "wake", "mic", "snd"} {
		data[kind] = []engine.Object{}
	}
	return event{kind: "info", data: data}
}
