package uplift

import (
	"fmt"
	"sync"

	"voicerelay/upstream/emulator/engine"
)

// Uplift's numbers, from its reference. The 2,000 characters of some voices are in the vendor's guide for hackathons, which
// does not say which voices; the default is the one that every client has.
const (
	synthesesPerMinute = 60 // of a connection
	cancelsPerMinute   = 100
	maxText            = 10_000 // characters of a request
	shortText          = 2_000  // the same for some voices
	defaultVoice       = "v_meklc281"
	socketNamespace    = "/text-to-speech/multi-stream"
)

// voices are the voices that there are.
// They are those that the vendor's docs and clients name.
func voices() []string {
	return []string{defaultVoice, "v_8eelc901", "v_30s70t3a", "v_yypgzenx", "v_kwmp7zxt"}
}

// emulator is that of wss://api.upliftai.org: a plain WebSocket and Socket.IO, with the same messages.
type emulator struct {
	server *engine.Server
	quirks quirks

	mu  sync.Mutex // guards what follows
	ids int        // given out so far
}

// nextID is an id that this server has not given out before.
func (u *emulator) nextID(prefix string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ids++
	return fmt.Sprintf("%s%06d", prefix, u.ids)
}

// knows reports whether a key is accepted.
func (u *emulator) knows(key string) bool {
	return u.server.Options().APIKey == "" || key == u.server.Options().APIKey
}
