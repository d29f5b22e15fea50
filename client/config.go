package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config is how a client reaches its relay.
type Config struct {
	// URL is the relay's address, with or without its path /v1/speech: http, https, ws or wss.
	URL string
	// Key is the API key, if the relay has keys. It goes into a header, so that no URL bears it.
	Key string
	// HTTPClient makes the connection; nil: http.DefaultClient.
	HTTPClient *http.Client
	// Backoff is how long to wait between tries to connect again.
	Backoff Backoff
	// Patience is how long a speech may be without a connection before it ends with the last try's error; 0: 30 s.
	Patience time.Duration
	// Backlog is how many messages of a speech may wait for its range; 0: 1024, which is some minutes of audio.
	Backlog int
}

// Deadlines of what the relay does.
const (
	connectTime = 10 * time.Second // to a connection's ready
	writeTime   = 10 * time.Second // of one message
	answerTime  = 10 * time.Second // of a cancel, whose done waits up to 300 ms for the vendor
	// pingEvery is how often a sign of life is asked for. A connection without any message for silence is given up.
	pingEvery = 20 * time.Second
	silence   = 3 * pingEvery
)

const (
	defaultPatience = 30 * time.Second
	defaultBacklog  = 1024
	// readLimit is above any message: an audio frame, or a done with all its attempts. In bytes.
	readLimit = 8 << 20
)

// withDefaults is the configuration with everything filled in.
func (c Config) withDefaults() (Config, error) {
	if c.Patience < 0 || c.Backlog < 0 {
		return c, errors.New("patience and backlog must not be negative")
	}
	address, err := speechURL(c.URL)
	if err != nil {
		return c, err
	}
	c.URL = address
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	if c.Backlog == 0 {
		c.Backlog = defaultBacklog
	}
	c.Backoff = c.Backoff.withDefaults()
	return c, nil
}

const speechPath = "/v1/speech"

// speechURL is where the relay's WebSocket is, with audio in binary frames.
func speechURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the relay's address is no URL") // the parser's own words repeat it, and what key it may bear
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss":
	default:
		return "", fmt.Errorf("the relay's address has scheme %q, want http, https, ws or wss", u.Scheme)
	}
	if u.Host == "" {
		return "", errors.New("the relay's address has no host")
	}
	if !strings.HasSuffix(u.Path, speechPath) {
		u = u.JoinPath(speechPath)
	}
	query := u.Query()
	query.Set("audio", "binary")
	u.RawQuery = query.Encode()
	return u.String(), nil
}
