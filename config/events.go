package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"voicerelay/billing"
	"voicerelay/config/check"
	"voicerelay/events"
	"voicerelay/upstream"
)

// sinkConfig is where events are sent.
type sinkConfig struct {
	// Name is what its place in the events is kept by; the host of URL.
	Name string `yaml:"name"`
	// URL is http or https. It may hold secrets.
	URL upstream.Secret `yaml:"url"`
	// Types are those that are sent there; all.
	Types []string `yaml:"types"`
	// Secret signs each batch by Standard Webhooks: whsec_ and base64; none: no batch is signed.
	Secret *upstream.Secret `yaml:"secret"`
	// Headers go with each batch.
	Headers map[string]upstream.Secret `yaml:"headers"`
	Batch   batchConfig                `yaml:"batch"`
	// Timeout is how long the sink may take to answer; 10s.
	Timeout time.Duration `yaml:"timeout"`
}

// batchConfig is when a batch is sent.
type batchConfig struct {
	// Events is how many go together at most; 100.
	Events int `yaml:"events"`
	// Wait is how long the first of them waits for others; 1s.
	Wait time.Duration `yaml:"wait"`
}

// defaultSink is a sink where the file says nothing.
func defaultSink() sinkConfig {
	return sinkConfig{
		Batch:   batchConfig{Events: events.DefaultBatch, Wait: events.DefaultWait},
		Timeout: events.DefaultTimeout,
	}
}

// maxSinks bounds the sinks: each reads the ledger once a second.
const maxSinks = 16

// settleEvents checks all sinks.
func settleEvents(configured []sinkConfig, r *remarks) []events.Sink {
	if len(configured) > maxSinks {
		r.fault("events", fmt.Sprintf("must have at most %d", maxSinks))
		return nil
	}
	var sinks []events.Sink
	for i, c := range configured {
		path := fmt.Sprintf("events[%d]", i)
		sink := c.settle(path, r)
		if slices.ContainsFunc(sinks, func(s events.Sink) bool { return s.Name == sink.Name && s.Name != "" }) {
			r.fault(path, fmt.Sprintf("is a second sink called %s: give each a name of its own", sink.Name))
		}
		sinks = append(sinks, sink)
	}
	return sinks
}

func (c sinkConfig) settle(path string, r *remarks) events.Sink {
	check.Range(r.below(path), "batch.events", c.Batch.Events, 1, 1000)
	check.Range(r.below(path), "batch.wait", c.Batch.Wait, 100*time.Millisecond, time.Hour)
	check.Range(r.below(path), "timeout", c.Timeout, time.Second, 5*time.Minute)
	sink := events.Sink{
		Name: c.Name, URL: c.URL.Reveal(), Types: c.types(path, r), Secret: c.secret(path, r), Headers: c.headers(path, r),
		Batch: c.Batch.Events, Wait: c.Batch.Wait, Timeout: c.Timeout,
	}
	host := c.host(path, r)
	if sink.Name == "" {
		sink.Name = host
	} else if !isName(c.Name) {
		r.fault(path+".name", "must be 1 to 64 letters, digits, dots, dashes and underscores")
	}
	if sink.Secret == "" && len(sink.Headers) == 0 && !r.faulty(path) {
		r.warn(path, "has neither secret nor headers, so the receiver can't tell the relay from others")
	}
	return sink
}

// host is where the sink is. The fault quotes nothing of the address, which may hold secrets.
func (c sinkConfig) host(path string, r *remarks) string {
	u, err := url.Parse(c.URL.Reveal())
	switch {
	case c.URL == "":
		r.fault(path+".url", "is missing, or expands to nothing")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "":
		r.fault(path+".url", "must be an http or https address without user or fragment")
	default:
		if u.Scheme == "http" && !IsLoopback(hostPort(u)) {
			r.warn(path+".url", "is http, so that others on the way can read who speaks how much")
		}
		return u.Hostname()
	}
	return ""
}

// hostPort is the address of a URL with a port.
func hostPort(u *url.URL) string {
	if u.Port() == "" {
		return u.Host + ":80"
	}
	return u.Host
}

// types are those that the sink wants; all if it names none.
func (c sinkConfig) types(path string, r *remarks) []billing.EventType {
	known := billing.EventTypes()
	if len(c.Types) == 0 {
		return known
	}
	var types []billing.EventType
	for i, name := range c.Types {
		t, at := billing.EventType(name), fmt.Sprintf("%s.types[%d]", path, i)
		switch {
		case !slices.Contains(known, t):
			r.fault(at, fmt.Sprintf("unknown type %q; there are: %s", name, strings.Join(names(known), ", ")))
		case slices.Contains(types, t):
			r.fault(at, "is there twice")
		}
		types = append(types, t)
	}
	return types
}

func names(types []billing.EventType) []string {
	all := make([]string, len(types))
	for i, t := range types {
		all[i] = string(t)
	}
	return all
}

// Bounds of a signing secret, in bytes, as Standard Webhooks has them.
const (
	leastSecret = 24
	mostSecret  = 64
)

func (c sinkConfig) secret(path string, r *remarks) string {
	if c.Secret == nil {
		return ""
	}
	coded, marked := strings.CutPrefix(c.Secret.Reveal(), "whsec_")
	raw, err := base64.StdEncoding.DecodeString(coded)
	switch {
	case *c.Secret == "":
		r.fault(path+".secret", "expands to nothing")
	case !marked || err != nil || len(raw) < leastSecret || len(raw) > mostSecret:
		r.fault(path+".secret", fmt.Sprintf("must be whsec_ and the base64 of %d to %d bytes", leastSecret, mostSecret))
	}
	return c.Secret.Reveal()
}

// ownHeaders are the relay's to set.
var ownHeaders = []string{"Content-Type", "Content-Length", "Host", "Transfer-Encoding", "Connection", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}

func (c sinkConfig) headers(path string, r *remarks) map[string]string {
	headers := make(map[string]string, len(c.Headers))
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		at, value := path+".headers."+name, c.Headers[name].Reveal()
		switch {
		case !isHeaderName(name):
			r.fault(at, "is no name of a header")
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			r.fault(at, "is set by the relay")
		case value == "":
			r.fault(at, "expands to nothing")
		case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }):
			r.fault(at, "has a character that can't stand in a header: only visible ASCII and spaces can")
		}
		headers[name] = value
	}
	return headers
}

// isHeaderName reports whether a name is a token of RFC 9110.
func isHeaderName(name string) bool {
	for _, c := range []byte(name) {
		letter := (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}
