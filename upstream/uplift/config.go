package uplift

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Transport is "websocket", which the vendor's own clients speak, or "socketio", which its documentation shows.
	Transport string `yaml:"transport"`
	// RequestsPerSocket is how many pieces may be under way on a socket. The vendor tells no limit.
	RequestsPerSocket int `yaml:"requests_per_socket"`
	// Silence is how long the first piece may go unheard before the voice is taken for one that the vendor does not
	// know, which it tells by saying nothing. A route's first_audio_timeout is usually sooner.
	Silence time.Duration `yaml:"silence"`
	// Idle is how long a socket is kept that no stream is on.
	Idle time.Duration `yaml:"idle"`
}

var defaults = Config{Transport: transportWebSocket, RequestsPerSocket: 8, Silence: 4 * time.Second, Idle: 2 * time.Minute}

// The transports by their names in the configuration.
const (
	transportWebSocket = "websocket"
	transportSocketIO  = "socketio"
)

const (
	// requestsPerMinute is the vendor's limit on a connection.
	requestsPerMinute = 60
	// maxRequests under way at once, and those begun within a minute, are together no more than the 100 requests
	// that the vendor lets a connection cancel in a minute.
	maxRequests = 100 - requestsPerMinute
)

// Validate checks the options.
func (c *Config) Validate() error {
	switch {
	case c.Transport != transportWebSocket && c.Transport != transportSocketIO:
		return fmt.Errorf("transport: must be %s or %s", transportWebSocket, transportSocketIO)
	case c.RequestsPerSocket < 1 || c.RequestsPerSocket > maxRequests:
		return fmt.Errorf("requests_per_socket: must be 1 to %d", maxRequests)
	case c.Silence < time.Second:
		return errors.New("silence: must be at least 1s")
	case c.Idle < time.Second:
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// options are the client's provider_options.uplift.
type options struct {
	PhraseReplacementConfigID string `json:"phraseReplacementConfigId"`
}

// maxID is the longest id in bytes that is sent on.
const maxID = 200

// parseOptions checks options.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set sets the one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	if name != "phraseReplacementConfigId" {
		return upstream.UnknownOption
	}
	id := &o.PhraseReplacementConfigID
	if !upstream.Option(raw, id) || *id == "" || len(*id) > maxID {
		return fmt.Sprintf("must be a text of 1 to %d bytes", maxID)
	}
	return ""
}
