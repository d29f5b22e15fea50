// Package cartesia_test has LiveKit's and Pipecat's services for Cartesia, and Cartesia's SDKs, speak through a relay.
package cartesia_test

import (
	"testing"

	"voicerelay/tests/clients/rig"
)

const (
	first  = "One two three four five six, seven eight nine ten."
	second = "Eleven twelve one three five seven, nine eleven two four."
	text   = first + " " + second
	rate   = 24000
)

func TestMain(m *testing.M) { rig.Main(m) }

// program is a program of this folder.
type program struct {
	name, file string
	run        func(r *rig.Rig, t *testing.T, file string, args ...string) *rig.Told
}

func (p program) play(t *testing.T, r *rig.Rig, args ...string) *rig.Told {
	t.Helper()
	return p.run(r, t, p.file, args...)
}

// Programs of this folder. Those of LiveKit and Pipecat have the same stories, those of the SDKs too.
var (
	livekitPython = program{"livekit python", "agent.py", (*rig.Rig).Python}
	livekitNode   = program{"livekit node", "agent.mjs", (*rig.Rig).Node}
	pipecat       = program{"pipecat", "service.py", (*rig.Rig).Python}
	sdkPython     = program{"sdk python", "sdk.py", (*rig.Rig).Python}
	sdkNode       = program{"sdk node", "sdk.mjs", (*rig.Rig).Node}
)

// each runs a test with each of some programs, and with a relay of its own.
func each(t *testing.T, o rig.Options, programs []program, test func(t *testing.T, r *rig.Rig, p program)) {
	t.Helper()
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, rig.Start(t, o), p)
		})
	}
}
