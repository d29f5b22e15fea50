package plain

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
)

// name is what records and the configuration call the dialect.
const name = "plain"

// platform is what a platform sends, and what it takes. The fields are paths in the body; an empty one the platform has not.
type platform struct {
	name, path string
	// mostBytes bounds the body; 0: as the key's limits say.
	mostBytes int
	// key finds the key in a request; keyField is the field that has it, where no header has.
	key      func(*http.Request) string
	keyField string

	text, voice, language, rate string
	markup                      string // whether the text is "ssml"
	encoding, channels          string
	// metadata are fields that the record keeps, by what it calls them.
	metadata map[string]string
	// usualRate is the rate where neither the address nor the body says one.
	usualRate int
	// onceHeader is a header that stays the same where the platform asks again; empty: it has none.
	onceHeader string
	// output is what the audio is.
	output func(*http.Request, *request) (output, *protocol.Error)
}

// request is what a platform asks for, whatever its fields are called. What is empty is not named.
type request struct {
	text, voice, route, language string
	encoding, channels           string
	rate                         int
	metadata                     map[string]string
	makesMP3                     bool // the relay does
}

// output is what a body is made of.
type output struct {
	audio.Format
	mediaType string
}

// host is the server that a platform's endpoint is mounted on.
type host struct {
	downstream.Server
	platform platform
	fields   *field
}
