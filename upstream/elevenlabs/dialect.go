package elevenlabs

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// key is what streams on one socket have in common: the address below the base, and after a line break the tenant, since
// an error of one of them ends all.
func (p *provider) key(req upstream.Request, opts *options, format audio.Format) (string, error) {
	voice, err := upstream.PathSegment(req.Voice)
	if err != nil {
		return "", err
	}
	q := url.Values{
		"output_format":      {outputFormat(format)},
		"inactivity_timeout": {strconv.Itoa(int(inactivityTimeout.Seconds()))},
		"sync_alignment":     {"true"}, // times come with the audio that they are of
		"auto_mode":          {"true"}, // the vendor gathers nothing: the relay cuts sentences itself
	}
	if req.Model != "" {
		q.Set("model_id", req.Model)
	}
	if language := language(req.Language); language != "" {
		q.Set("language_code", language)
	}
	if !req.Normalize {
		q.Set("apply_text_normalization", "off") // of the others, auto is the default, and on is not for every model
	}
	if opts.Seed != nil {
		q.Set("seed", strconv.FormatInt(*opts.Seed, 10))
	}
	if !p.cfg.EnableLogging {
		q.Set("enable_logging", "false")
	}
	path := "/v1/text-to-speech/" + voice + "/multi-stream-input?"
	return path + q.Encode() + "\n" + req.Tenant, nil
}

// language is the vendor's name of a BCP 47 tag's language: ISO 639-1.
func language(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return primary
}

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

// Refused looks the status up; where the vendor documents none it is as HTTP has it.
func (d *dialect) Refused(status int) upstream.Kind {
	if meaning, ok := statuses[status]; ok {
		return meaning.Kind
	}
	return upstream.RefusedKind(status)
}

var _ vendorsocket.Explainer = (*dialect)(nil)

// Closed is ClosedBecause of no reason.
func (d *dialect) Closed(code int) *upstream.Error { return closeError(code, "") }

// ClosedBecause looks the reason up, and the code where that says nothing.
func (d *dialect) ClosedBecause(code int, reason string) *upstream.Error {
	return closeError(code, reason)
}

// KeepAlive is the socket's, not a context's: a context gets all of its text at once.
func (d *dialect) KeepAlive(string) []byte { return encode(keepAliveFrame{}) }
