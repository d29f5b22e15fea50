package main

import (
	"os"
	"os/exec"

	"voicerelay/audio"
	"voicerelay/config"
	"voicerelay/downstream"
	"voicerelay/downstream/cartesia"
	"voicerelay/downstream/deepgram"
	"voicerelay/downstream/elevenlabs"
	"voicerelay/downstream/jambonz"
	"voicerelay/downstream/livekit"
	"voicerelay/downstream/native"
	"voicerelay/downstream/openai"
	"voicerelay/downstream/plain"
)

// dialects are the protocols that clients may speak.
func dialects() []downstream.Dialect {
	return []downstream.Dialect{native.Dialect{}, cartesia.Dialect{}, deepgram.Dialect{}, elevenlabs.Dialect{}, jambonz.Dialect{}, livekit.Dialect{}, openai.Dialect{}, plain.Dialect{}}
}

// dialectPrefixes are what the configuration calls them, and what their paths begin with. The relay's own protocol can't be
// switched off, or moved.
func dialectPrefixes() map[string]string {
	prefixes := make(map[string]string)
	for _, d := range dialects() {
		if d.Name() != (native.Dialect{}).Name() {
			prefixes[d.Name()] = d.Prefix()
		}
	}
	return prefixes
}

// dialectSettings is what the configuration says of dialects, as the server takes it.
func dialectSettings(s *config.Settings) map[string]downstream.Settings {
	said := make(map[string]downstream.Settings)
	for _, c := range s.Dialects {
		said[c.Name] = downstream.Settings{
			Enabled: c.Enabled, Prefix: c.Prefix, Root: c.Root,
			Voices: c.Voices, Models: c.Models, MP3Fallback: audio.Encoding(c.MP3Fallback),
		}
	}
	return said
}

// configEnvironment is what a configuration may refer to.
func configEnvironment() config.Environment {
	return config.Environment{
		Lookup: os.LookupEnv, Read: config.ReadSecret, Find: exec.LookPath, Drivers: drivers(), Dialects: dialectPrefixes(),
	}
}
