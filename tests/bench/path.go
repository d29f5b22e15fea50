package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"voicerelay/tcp"
)

// path is one way from a client to the vendor.
type path struct {
	name    string
	dialect dialect
	url     string
	http    *http.Client // that clients connect with
	vendor  *vendor      // at its end
	pid     int          // of the proxy on it; 0: none
	stop    func() error // ends the proxy
}

// Names of the paths, as they are reported.
const (
	directPath = "direct"
	nginxPath  = "nginx"
	relayPath  = "relay"
)

var allPaths = []string{directPath, nginxPath, relayPath}

func newDirect(v *vendor) *path {
	return &path{
		name: directPath, dialect: vendorDialect{}, url: v.url, vendor: v,
		http: newHTTPClient(), stop: func() error { return nil },
	}
}

// newHTTPClient makes connections that take a frame from the kernel in one read, so that clients cost little.
func newHTTPClient() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return tcp.New(conn), nil
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

// site is a vendor and the ways to it.
type site struct {
	vendor *vendor
	paths  []*path
}

// open starts a vendor of that pace, and the proxies before it. What is not installed is left out.
func (b *bench) open(ctx context.Context, pace float64, names ...string) (_ *site, err error) {
	s := &site{}
	if s.vendor, err = startVendor(b.clock, pace); err != nil {
		return nil, err
	}
	for _, name := range names {
		p, err := b.way(ctx, s.vendor, name)
		if errors.Is(err, errNoNginx) {
			b.say("%v: no comparison with it", err)
			continue
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), s.close())
		}
		s.paths = append(s.paths, p)
	}
	return s, nil
}

func (b *bench) way(ctx context.Context, v *vendor, name string) (*path, error) {
	switch name {
	case nginxPath:
		return b.startNginx(ctx, v)
	case relayPath:
		return b.startRelay(ctx, v, relayConfig(v.url, firstTarget))
	}
	return newDirect(v), nil
}

// close ends the proxies first. It waits for all of them.
func (s *site) close() (err error) {
	for _, p := range s.paths {
		err = errors.Join(err, p.stop())
	}
	return errors.Join(err, s.vendor.close())
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// freeAddress is a loopback address that nobody listens on at the moment.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
