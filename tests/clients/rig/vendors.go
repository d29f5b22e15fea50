package rig

import (
	"cmp"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// vendorKey is the account's key at every vendor.
const vendorKey = "sk-vendor-account-5e0c1a7f"

const (
	// seed draws the lengths of words, and what vendors' references leave open.
	seed = 7
	// chunk is the audio of a vendor's frame: a third of the shortest word, so that a fault in a word comes in it.
	chunk = 20 * time.Millisecond
)

// Vendor is a vendor before which the relay stands.
type Vendor struct {
	// Name is the provider's, and that of a route which has it alone.
	Name string
	// Adapter says whose protocol it speaks. Of those in accounts, kugelaudio, cartesia and elevenlabs tell word times,
	// and deepgram tells none.
	Adapter string
	// Apart leaves it out of the default route.
	Apart bool
	// Options are the emulator's.
	Options emulator.Options
	// Quirks are drawn as asked for, as name:value.
	Quirks []string
}

// DefaultVendors are two that tell word times, of which the second takes over from the first, and one that tells none, on a
// route of its own.
func DefaultVendors() []Vendor {
	return []Vendor{
		{Name: "first", Adapter: "kugelaudio", Quirks: []string{"wordsFirst:true"}}, // else it may break before it has told any
		{Name: "second", Adapter: "cartesia"},
		{Name: "untimed", Adapter: "deepgram", Apart: true},
	}
}

// accounts are a model and two voices of each vendor that a rig may have.
var accounts = map[string]struct{ model, narrator, actor string }{
	"kugelaudio": {"kugel-3", "1071", "1084"},
	"elevenlabs": {"eleven_flash_v2_5", "21m00Tcm4TlvDq8ikWAM", "EXAVITQu4vr4xnSDxMaL"},
	"cartesia":   {"sonic-3", "a0e99841-438c-4a64-b679-ae501e7d6091", "694f9389-aac1-45b6-b726-9d9369183238"},
	"deepgram":   {"", "aura-2-thalia-en", "aura-2-apollo-en"},
}

// RunningVendor is an emulated vendor, which knows what it was asked for.
type RunningVendor struct {
	*emulator.Server
	url string
}

func (v Vendor) start(t *testing.T, pace float64) *RunningVendor {
	t.Helper()
	if _, known := accounts[v.Adapter]; !known {
		t.Fatalf("the rig has no account of %q", v.Adapter)
	}
	v.Options.APIKey = vendorKey
	v.Options.Seed = cmp.Or(v.Options.Seed, seed)
	v.Options.Chunk = cmp.Or(v.Options.Chunk, chunk)
	v.Options.Pace = cmp.Or(v.Options.Pace, pace)
	server, url := process.Emulate(t, v.Adapter, v.Options, v.Quirks...)
	return &RunningVendor{Server: server, url: url}
}
