package emulator

import (
	"fmt"
	"slices"
	"strings"

	"voicerelay/upstream/emulator/cartesia"
	"voicerelay/upstream/emulator/deepgram"
	"voicerelay/upstream/emulator/elevenlabs"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/kugelaudio"
	"voicerelay/upstream/emulator/together"
	"voicerelay/upstream/emulator/uplift"
	"voicerelay/upstream/emulator/vogent"
	"voicerelay/upstream/emulator/zeligate"
)

// vendors are the emulated vendors, in alphabetical order.
func vendors() []engine.Vendor {
	return []engine.Vendor{cartesia.Vendor, deepgram.Vendor, elevenlabs.Vendor, kugelaudio.Vendor, together.Vendor, uplift.Vendor, vogent.Vendor, zeligate.Vendor}
}

// New is a vendor's emulator, by the vendor's name. It is an http.Handler too.
func New(vendor string, o engine.Options) (*engine.Server, error) {
	for _, v := range vendors() {
		if v.Name == vendor {
			return engine.New(v, o), nil
		}
	}
	return nil, fmt.Errorf("no emulator of %q; there are %s", vendor, strings.Join(Vendors(), ", "))
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
