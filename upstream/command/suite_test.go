package command

import (
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

const voice = "narrator"

var request = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: voice, Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// running are the default options but for the command.
func running(command ...string) Config {
	cfg := defaults()
	cfg.Command = command
	if raceEnabled {
		cfg.Limits.AddressSpace = 0
	}
	return cfg
}

// TestSuite runs the suite with a program that writes WAV, one that writes bare samples, and one that reads a file. The
// time of the suite stands still while a program runs.
func TestSuite(t *testing.T) {
	raw := running(self("raw")...)
	raw.Output = Output{Encoding: audio.PCM16, SampleRate: 24000}
	for name, cfg := range map[string]Config{
		"wav": running(self("wav")...), "raw": raw, "file": running(self("file", fileMark)...),
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Folder = t.TempDir()
			upstreamtest.Run(t, upstreamtest.Subject{
				NoWire:  true,
				Request: request,
				Open: func(env upstream.Env) (upstream.Provider, error) {
					env.Voices = []string{voice}
					return open(cfg, env)
				},
			})
		})
	}
}
