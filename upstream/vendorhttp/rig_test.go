package vendorhttp

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// plain is the dialect of a vendor that speaks what stands in a request's body, as samples.
type plain struct{ url string }

func (d plain) Request(text string) Request {
	return Request{URL: d.url + "/speak", Body: []byte(text)}
}

func (d plain) Refused(Refusal) *upstream.Error {
	return &upstream.Error{Kind: upstream.Rejected, Message: "refused"}
}

func (d plain) Play(a *Answer) *upstream.Error { return (&Samples{Out: a, Format: pcm24}).Play() }

// rig is a client before a vendor in memory.
type rig struct {
	*testing.T
	*Client
	dialect Dialect

	dials atomic.Int64
}

// run runs a test in a bubble, before a vendor that answers by the handler.
func run(t *testing.T, cfg Config, handler http.HandlerFunc, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, stop := upstreamtest.Serve(handler)
		defer stop()
		r := &rig{T: t, dialect: plain{"http://vendor.test"}}
		dial := client.Transport.(*http.Transport).DialContext
		cfg.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			r.dials.Add(1)
			return dial(ctx, network, address)
		}}}
		cfg.Log = zerolog.Nop()
		r.Client = New(cfg)
		test(r)
		if err := r.Client.Close(); err != nil {
			t.Error(err)
		}
	})
}

// open opens a stream on the rig's dialect.
func (r *rig) open() *upstreamtest.Line {
	r.Helper()
	l, err := upstreamtest.OpenLine(r.T, opener{r}, upstream.Request{})
	if err != nil {
		r.Fatal(err)
	}
	return l
}

// opener has a rig look like a provider.
type opener struct{ *rig }

func (o opener) Capabilities() upstream.Capabilities       { return upstream.Capabilities{} }
func (o opener) ParseOptions(json.RawMessage) (any, error) { return nil, nil }
func (o opener) Open(ctx context.Context, _ upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	s, err := o.Client.Open(ctx, o.dialect, sink)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// vendor notes what it is asked.
type vendor struct {
	mu    sync.Mutex // guards what follows
	texts []string   // of requests, in the order of their coming
}

// asked is what the vendor has been asked to speak.
func (v *vendor) asked() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.texts)
}

// note notes a request, and returns its text and which one it is, from 0.
func (v *vendor) note(r *http.Request) (text string, nth int) {
	body, _ := io.ReadAll(r.Body) // a request that is cut has an answer that nobody reads
	v.mu.Lock()
	defer v.mu.Unlock()
	v.texts = append(v.texts, string(body))
	return string(body), len(v.texts) - 1
}

// say answers with the audio of a text.
func say(w http.ResponseWriter, text string) { _, _ = w.Write(upstreamtest.Speech(text)) }
