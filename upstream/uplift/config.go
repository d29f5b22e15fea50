package uplift

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// parseOptions checks options, so that a client hears of a mistake before anything is ordered.
func parseOptions(raw json.RawMessage) (*options, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, &upstream.OptionError{Reason: "must be an object"}
	}
	o := &options{}
	for _, name := range sorted(fields) {
		if name != "phraseReplacementConfigId" {
			return nil, &upstream.OptionError{Field: name, Reason: "unknown option"}
		}
		id := &o.PhraseReplacementConfigID
		if bytes.Equal(fields[name], []byte("null")) || json.Unmarshal(fields[name], id) != nil || *id == "" || len(*id) > maxID {
			return nil, &upstream.OptionError{Field: name, Reason: fmt.Sprintf("must be a text of 1 to %d bytes", maxID)}
		}
	}
	return o, nil
}

// sorted are the names in order, so that of several mistakes the same one is told each time.
func sorted(fields map[string]json.RawMessage) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
