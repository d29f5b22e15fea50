package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator"
)

// A vendor that is 40 ms away, there and back, behind TLS.
const (
	farDistance = 20 * time.Millisecond
	farAttempts = 15 // of each way
	farPatience = 10 * time.Second
	farText     = "Good morning."
)

// Ways to the first audio. A warm socket is open already; a fresh one is dialed for the utterance.
const (
	directWarm  = "direct, warm"
	directFresh = "direct, fresh"
	relayWarm   = "relay, warm"
	relayFresh  = "relay, fresh"
)

var farWays = []string{directWarm, directFresh, relayWarm, relayFresh}

// farRelay has a provider that keeps a socket open ahead, and one that does not.
const farRelay = `listen: 127.0.0.1:0
providers:
  ahead: {adapter: kugelaudio, url: "%[1]s", api_key: bench, warm: 1}
  behind: {adapter: kugelaudio, url: "%[1]s", api_key: bench, warm: 0}
routes:
  warm: {targets: [{provider: ahead, model: kugel-3}]}
  fresh: {targets: [{provider: behind, model: kugel-3}]}
voices:
  narrator: {language: en, ids: {ahead: "1071", behind: "1071"}}
limits: {generations_per_minute: 1000}
`

// far measures the time to the first audio, in milliseconds, by each way in turn.
func (b *bench) far(ctx context.Context, r *report) (err error) {
	v, err := emulator.New("kugelaudio", emulator.Options{Distance: farDistance, TLS: true, Chunk: frameEvery})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	url, err := v.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	f, err := b.openFar(ctx, v, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	b.say("first audio from %v away", 2*farDistance)
	r.Far = make(map[string][]float64)
	for range farAttempts {
		for _, way := range farWays {
			took, err := f.measure(ctx, way)
			if err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			r.Far[way] = append(r.Far[way], took.Seconds()*1000)
		}
	}
	return nil
}

// farBench is what is open while first audio is measured.
type farBench struct {
	clock  clock
	vendor *path   // to dial directly
	relay  *path   // that trusts the vendor's certificate
	warm   *client // an open socket of the vendor's
	caller *client // of the relay
	number int
}

func (b *bench) openFar(ctx context.Context, v *emulator.Server, url string) (_ *farBench, err error) {
	roots := filepath.Join(b.dir, "roots.pem")
	if err := os.WriteFile(roots, v.Certificate(), 0o600); err != nil {
		return nil, err
	}
	f := &farBench{clock: b.clock, vendor: &path{name: directPath, dialect: vendorDialect{}, url: url, http: trusting(v.Certificate())}}
	if f.relay, err = b.serveRelay(ctx, fmt.Sprintf(farRelay, url), "SSL_CERT_FILE="+roots); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if f.caller, err = dial(ctx, b.clock, f.relay); err != nil {
		return nil, err
	}
	if f.warm, err = dial(ctx, b.clock, f.vendor); err != nil {
		return nil, err
	}
	_, err = f.measure(ctx, relayWarm) // so that its socket is open
	return f, err
}

// trusting is a client that trusts this certificate alone.
func trusting(certificate []byte) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	c := newHTTPClient()
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{
		RootCAs: pool, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0), // as the relay does
	}
	return c
}

func (f *farBench) close() error {
	for _, c := range []*client{f.warm, f.caller} {
		if c != nil {
			c.close()
		}
	}
	return f.relay.stop()
}

// measure has a text spoken by one way, to its end, and returns how long its first audio took.
func (f *farBench) measure(ctx context.Context, way string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, farPatience)
	defer cancel()
	f.number++
	began := f.clock.now()
	switch way {
	case directWarm:
		return f.warm.firstAudio(ctx, began, f.warm.dialect.generate(f.number, farText))
	case directFresh:
		c, err := dial(ctx, f.clock, f.vendor)
		if err != nil {
			return 0, err
		}
		defer c.close()
		return c.firstAudio(ctx, began, c.dialect.generate(f.number, farText))
	case relayFresh:
		return f.caller.firstAudio(ctx, began, f.order("fresh", f.ownSpeed()))
	}
	return f.caller.firstAudio(ctx, began, f.order("warm", 1))
}

// ownSpeed is another one each time. At this vendor generations of different speeds share no socket, so each has to dial.
func (f *farBench) ownSpeed() float64 { return 0.8 + 0.4*float64(f.number%200)/200 }

func (f *farBench) order(route string, speed float64) [][]byte {
	return [][]byte{fmt.Appendf(nil, `{"type":"generate","generation_id":"g%d","route":%q,"text":%q,"speed":%.3f,"output":{"encoding":"pcm_s16le","sample_rate":24000}}`,
		f.number, route, farText, speed)}
}

// firstAudio says how long after a moment the first audio came, and hears the rest.
func (c *client) firstAudio(ctx context.Context, began time.Duration, messages [][]byte) (took time.Duration, err error) {
	for _, message := range messages {
		if err := c.conn.Write(ctx, websocket.MessageText, message); err != nil {
			return 0, err
		}
	}
	defer c.closeAfter(ctx)()
	for {
		message, err := c.next()
		if err != nil {
			return 0, cmp.Or(context.Cause(ctx), err)
		}
		if _, ok := audioIn(message); ok {
			if took == 0 {
				took = c.clock.now() - began
			}
			continue
		}
		e, err := c.dialect.read(message)
		if err != nil {
			return 0, err
		}
		if e.end {
			return took, audioCame(took)
		}
	}
}

func audioCame(after time.Duration) error {
	if after == 0 {
		return errors.New("an end without audio")
	}
	return nil
}
