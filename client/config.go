package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Config is how a client reaches its relay.
type Config struct {
	// URL is the relay's address, with or without its path /v1/speech: http, https, ws or wss.
	URL string
	// URLs are more of them, of relays that may stand in for each other. Each try to connect asks them in this order, after
	// URL, and begins with the one after that whose connection ended.
	URLs []string
	// Key is the API key, if the relay has keys. It goes into a header, so that no URL has it.
	Key string
	// HTTPClient makes the connection; nil: http.DefaultClient. No redirect is followed, whatever it says: that would take the key
	// to another place.
	HTTPClient *http.Client
	// Plaintext says that the network to the relay is trusted with the Key. Else Dial warns of a Key for an address of
	// http or ws that is not of this machine: anyone on the network path can read it, and what is spoken.
	Plaintext bool
	// Log takes that warning; nil: slog.Default().
	Log *slog.Logger
	// Backoff is how long to wait between tries to connect again. While a speech waits for a connection it is 1 s at most.
	Backoff Backoff
	// Patience is how long a speech may be without a connection before it ends with the last try's error, and how long Dial
	// asks relays that refuse it for the time being; 0: 30 s.
	Patience time.Duration
	// Backlog is how much of a speech may wait for its range, in bytes; 0: 64 MiB, which is 23 minutes of 16-bit samples at
	// 24 kHz. Speech comes faster than it is played, and is never held back for one listener, since it would be for all. A
	// speech of which more waits is canceled and ends with ErrOverrun, after what waits.
	Backlog int
	// Unheard is the same for a speech over which the program does not range yet; 0: 8 MiB, which is nearly 3 minutes. What is more is
	// dropped, and all before it; the speech goes on, for who only Waits for its end. A range that begins later ends with
	// ErrOverrun.
	Unheard int
}

// Deadlines of what the relay does.
const (
	connectTime = 10 * time.Second // to a connection's ready
	// connectTimeOfMany is shorter, since another relay may be well: three round trips around the world take a second.
	connectTimeOfMany = 3 * time.Second
	writeTime         = 10 * time.Second // of one message
	answerTime        = 10 * time.Second // of a cancel, whose done waits up to 300 ms for the vendor
	// longestWaited is the longest wait between tries to connect while somebody waits for speech: a caller who hears nothing
	// for much longer hangs up.
	longestWaited = time.Second
	// pingEvery is how often a sign of life is asked for. A connection without any message for silence is given up.
	pingEvery = 20 * time.Second
	silence   = 3 * pingEvery
)

// mostLosses is how many connections may end under a speech that was not heard before it is given up: more than relays
// that are restarted in turn cause, and few enough that a speech whose messages break connections breaks no more.
const mostLosses = 3

const (
	defaultPatience = 30 * time.Second
	// defaultBacklog is twice what the longest text takes that a relay accepts by default: 10,000 characters are some 11
	// minutes, or 32 MB of 16-bit samples at 24 kHz.
	defaultBacklog = 64 << 20
	// defaultUnheard lets a turn's next sentences be spoken ahead. A client may have many speeches that wait to be ranged over.
	defaultUnheard = 8 << 20
	// readLimit is above any message: an audio frame, or a done with all its attempts. In bytes.
	readLimit = 8 << 20
)

// withDefaults is the configuration with everything filled in.
func (c Config) withDefaults() (Config, error) {
	if c.Patience < 0 || c.Backlog < 0 || c.Unheard < 0 {
		return c, errors.New("patience, backlog and unheard must not be negative")
	}
	var addresses []string
	if c.URL != "" || len(c.URLs) == 0 {
		addresses = append(addresses, c.URL)
	}
	addresses = append(addresses, c.URLs...)
	for i, address := range addresses {
		var err error
		if addresses[i], err = speechURL(address); err != nil {
			return c, err
		}
	}
	c.URLs = addresses
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	if c.Backlog == 0 {
		c.Backlog = defaultBacklog
	}
	if c.Unheard == 0 {
		c.Unheard = defaultUnheard
	}
	c.Backoff = c.Backoff.withDefaults()
	return c, nil
}

// warnOfPlaintext says which addresses would have the key sent for everybody to read.
func (c Config) warnOfPlaintext() {
	if c.Key == "" || c.Plaintext {
		return
	}
	log := c.Log
	if log == nil {
		log = slog.Default()
	}
	for _, address := range c.URLs {
		if u, err := url.Parse(address); err == nil && exposes(u) {
			log.Warn("the key goes unencrypted over the network: use wss or https, or set Config.Plaintext", "host", u.Host)
		}
	}
}

// exposes reports whether what is sent to an address can be read on the way: it is not encrypted, and leaves this machine.
func exposes(u *url.URL) bool {
	if u.Scheme != "ws" && u.Scheme != "http" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761: they never leave the machine
		return false
	}
	address, err := netip.ParseAddr(host)
	return err != nil || !address.Unmap().IsLoopback()
}

const speechPath = "/v1/speech"

// speechURL is where the relay's WebSocket is, with audio in binary frames.
func speechURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the relay's address is no URL") // the parser's own words repeat it, and what key it may have
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
