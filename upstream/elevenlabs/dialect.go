package elevenlabs

import (
	"net/http"
	"strings"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// dialect is what the pool must know of the vendor.
type dialect struct {
	// Static after newDialect.
	base   string
	header http.Header // contains the account's key

	leaving leaving
}

func newDialect(env upstream.Env) (*dialect, error) {
	u, err := env.Base()
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.Fragment = "", ""
	return &dialect{
		base:   strings.TrimRight(u.String(), "/"),
		header: http.Header{"Xi-Api-Key": {env.APIKey.Reveal()}},
	}, nil
}

// Address is the base and the key's first line.
func (d *dialect) Address(key string) (string, http.Header) {
	path, _, _ := strings.Cut(key, "\n")
	return d.base + path, d.header
}

// Refused looks the status up.
func (d *dialect) Refused(status int) upstream.Kind { return refusedKind(status) }

var _ vendorsocket.Explainer = (*dialect)(nil)

// Closed is ClosedBecause of no reason.
func (d *dialect) Closed(code int) *upstream.Error { return closeError(code, "") }

// ClosedBecause looks the reason up, and the code where that says nothing.
func (d *dialect) ClosedBecause(code int, reason string) *upstream.Error {
	return closeError(code, reason)
}

// KeepAlive is the socket's, not a context's: a context gets all of its text at once.
func (d *dialect) KeepAlive(string) []byte { return encode(keepAliveFrame{}) }
