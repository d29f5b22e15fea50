package vendorhttp

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// Client makes a provider's requests, on connections of its own. It does not bound their number: the caller that opens streams
// does. It is safe for concurrent use.
type Client struct {
	// Static after New.
	cfg       Config
	http      *http.Client
	transport *http.Transport
	conns     *connections
	life      context.Context // of connections that are being opened, ended by Close
	end       context.CancelFunc

	busy        atomic.Int64 // requests that have not come to their end
	multiplexed atomic.Bool  // the vendor speaks HTTP/2, so that one connection does

	// Guarded by mu.
	mu     sync.Mutex
	closed bool

	wg sync.WaitGroup // streams, requests and the keeper; grows only under mu while not closed
}

const (
	// maxHeader bounds the header of an answer in bytes: a vendor's cookies and all.
	maxHeader = 64 << 10
	// maxIdle is how many connections without a request are kept.
	maxIdle = 32
	// maxAhead is how many bytes of an answer wait on an HTTP/2 connection until it is read: 20 s at 24 kHz.
	maxAhead = 1 << 20
	// pingEvery and pongPatience find HTTP/2 connections that died without a word. On others nothing is sent between requests,
	// but TCP's own probes.
	pingEvery, pongPatience = 15 * time.Second, 10 * time.Second
)

// New is a client without connections. Close must be called on it.
func New(cfg Config) *Client {
	cfg = cfg.withDefaults()
	c := &Client{cfg: cfg, conns: &connections{dial: (&net.Dialer{}).DialContext, open: make(map[*connection]struct{})}}
	c.life, c.end = context.WithCancel(context.Background())
	trust := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	if cfg.HTTP != nil {
		if given, ok := cfg.HTTP.Transport.(*http.Transport); ok {
			if given.DialContext != nil {
				c.conns.dial = given.DialContext
			}
			if given.TLSClientConfig != nil {
				trust = given.TLSClientConfig.Clone()
			}
		}
	}
	c.transport = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            c.dial,
		TLSHandshakeTimeout:    cfg.Connect,
		TLSClientConfig:        trust,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // audio is not to wait for an encoder
		MaxIdleConnsPerHost:    max(maxIdle, cfg.Warm),
		IdleConnTimeout:        cfg.Idle,
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         readBuffer,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: maxAhead, SendPingTimeout: pingEvery, PingTimeout: pongPatience,
		},
	}
	c.http = &http.Client{
		Transport:     c.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// dial opens a connection. A request that no longer needs it does not end that, since another may.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := c.cfg.Awake.WithTimeout(ctx, c.cfg.Connect)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	conn, err := c.conns.add(ctx, network, address)
	if err != nil && awake.TimedOut(ctx) {
		return nil, context.DeadlineExceeded
	}
	return conn, err
}

// Close ends all connections and waits for every goroutine. Streams must have been closed before.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.wg.Wait()
	c.transport.CloseIdleConnections()
	c.conns.close()
	return nil
}

// Sockets counts the open connections: those without a request, and the others.
func (c *Client) Sockets() (idle, busy int) {
	open := c.conns.count()
	busy = min(open, int(c.busy.Load()))
	return open - busy, busy
}

// errClosed is what streams get once the client is closed.
var errClosed = &upstream.Error{Kind: upstream.ConnectFailed, Message: "the provider is closed"}

// start runs f in a goroutine that Close waits for, unless the client is closed.
func (c *Client) start(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wg.Go(f)
	return true
}

// do makes a request, and returns when the header of its answer has come. The body must be closed. Reached is set once there
// is a connection for it.
func (c *Client) do(ctx context.Context, r Request, reached *atomic.Bool) (*http.Response, *upstream.Error) {
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }})
	req, err := http.NewRequestWithContext(traced, cmp.Or(r.Method, http.MethodPost), r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, &upstream.Error{Kind: upstream.Rejected, Message: "the request can't be made"} // its text has the address
	}
	req.Header = r.Header.Clone()
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	// With this name in the map net/http repeats a POST whose connection had been kept and ends unanswered; without a value
	// nothing is sent.
	req.Header["Idempotency-Key"] = nil
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unanswered(ctx, err, reached.Load())
	}
	if resp.ProtoMajor > 1 {
		c.multiplexed.Store(true)
	}
	return resp, nil
}

// unanswered is why a request has had no answer.
func unanswered(ctx context.Context, err error, connected bool) *upstream.Error {
	refused := upstream.Refused(ctx, nil, err, upstream.RefusedKind)
	switch {
	case !connected || refused.Kind == upstream.Canceled:
		return refused
	case refused.Class == upstream.ClassHandshake:
		return upstream.GarbledError("the vendor's answer is not of HTTP")
	}
	return lost(err)
}

// lost is the error of a connection that ended in the middle.
func lost(err error) *upstream.Error {
	var told *upstream.Error
	if errors.As(err, &told) {
		return told
	}
	return &upstream.Error{Kind: upstream.Dropped, Message: "connection lost"}
}

// doubt is called where a stream was given up for that cause. Where that was silence, kept connections may be dead without a
// sign: none of them carries a further request.
func (c *Client) doubt(cause error) {
	if cause == nil {
		return
	}
	if kind := upstream.KindOf(cause); kind == upstream.FirstAudioTimeout || kind == upstream.Stalled {
		c.transport.CloseIdleConnections()
		c.cfg.Log.Warn().Msg("vendor connections given up: nothing came on one")
	}
}
