package vendorhttp

import (
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// Config says how a provider's requests reach its vendor. A zero field has the value named with it.
type Config struct {
	// HTTP dials, and says whom to trust: nil for the default. Nothing else of it is used.
	HTTP *http.Client
	// Awake is the clock that the times below are measured by: nil for one that nothing stops.
	Awake *awake.Clock
	// Connect bounds connecting, TLS included: 10 s.
	Connect time.Duration
	// Idle is how long a connection without a request is kept: 1 minute.
	Idle time.Duration
	// Prefetch is how many requests of a stream are under way besides the one that is heard: none.
	Prefetch int
	// MaxInput is how many characters of text a request may have: any number.
	MaxInput int
	// RequestIDHeader is the header of an answer in which the vendor names the request: none.
	RequestIDHeader string
	// Warm is how many connections are kept open ahead of need: none.
	Warm int
	// Greeting is what a connection is opened ahead by: a request that costs nothing and changes nothing. Its answer does not
	// matter. nil: none is opened ahead.
	Greeting *Request
	// Log takes connection events.
	Log zerolog.Logger
}

const (
	connectPatience = 10 * time.Second
	usualIdle       = time.Minute
	// readBuffer is how many bytes are read at once, and so about the longest frame of audio: a third of a second at 24 kHz.
	readBuffer = 16 << 10
)

// withDefaults has the documented values in place of zeros.
func (c Config) withDefaults() Config {
	if c.Connect == 0 {
		c.Connect = connectPatience
	}
	if c.Idle == 0 {
		c.Idle = usualIdle
	}
	return c
}

// Request is what a vendor is asked.
type Request struct {
	Method string // empty: POST
	URL    string
	Header http.Header // is not changed
	Body   []byte
}

// Base is the vendor's address, below which an adapter finds its endpoints. Its error is an *upstream.EnvError. As with
// WebSockets, an address that nothing encrypts is allowed, and the configuration's check warns of it where the vendor is on
// another machine.
func Base(env upstream.Env) (*url.URL, error) {
	u, err := url.Parse(env.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &upstream.EnvError{Field: "url", Reason: "must be http://host or https://host"} // it may contain a key
	}
	return u, nil
}
