package emulator

import (
	"fmt"
	"slices"
	"strings"

	"voicerelay/upstream/emulator/assemblyai"
	"voicerelay/upstream/emulator/cartesia"
	"voicerelay/upstream/emulator/deepgram"
	"voicerelay/upstream/emulator/elevenlabs"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/fish"
	"voicerelay/upstream/emulator/inworld"
	"voicerelay/upstream/emulator/kugelaudio"
	"voicerelay/upstream/emulator/minimax"
	"voicerelay/upstream/emulator/openai"
	"voicerelay/upstream/emulator/rime"
	"voicerelay/upstream/emulator/soniox"
	"voicerelay/upstream/emulator/together"
	"voicerelay/upstream/emulator/uplift"
	"voicerelay/upstream/emulator/vogent"
	"voicerelay/upstream/emulator/wyoming"
	"voicerelay/upstream/emulator/zeligate"
)

// vendors are the emulated vendors, in alphabetical order.
func vendors() []engine.Vendor {
	return []engine.Vendor{
		assemblyai.Vendor,
		cartesia.Vendor,
		deepgram.Vendor,
		elevenlabs.Vendor,
		fish.Vendor,
		inworld.Vendor,
		kugelaudio.Vendor,
		minimax.Vendor,
		openai.Vendor,
		rime.Vendor,
		soniox.Vendor,
		together.Vendor,
		uplift.Vendor,
		vogent.Vendor,
		wyoming.Vendor,
		zeligate.Vendor,
	}
}

// New is a vendor's emulator, by the vendor's name. It is an http.Handler too.
func New(vendor string, o engine.Options) (*engine.Server, error) {
	v, err := named(vendor)
	if err != nil {
		return nil, err
	}
	return engine.New(v, o), nil
}

// NewDrawn is New with the first seed, from the options' own on, that has drawn what is wanted of a vendor whose reference
// leaves it open, as name:value.
func NewDrawn(vendor string, o engine.Options, wanted ...string) (*engine.Server, error) {
	v, err := named(vendor)
	if err != nil {
		return nil, err
	}
	if o, err = engine.Drawn(v, o, wanted...); err != nil {
		return nil, err
	}
	return engine.New(v, o), nil
}

func named(vendor string) (engine.Vendor, error) {
	for _, v := range vendors() {
		if v.Name == vendor {
			return v, nil
		}
	}
	return engine.Vendor{}, fmt.Errorf("no emulator of %q; there are %s", vendor, strings.Join(Vendors(), ", "))
}

// Vendors lists the names that New knows, in alphabetical order.
func Vendors() []string {
	var names []string
	for _, v := range vendors() {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}
