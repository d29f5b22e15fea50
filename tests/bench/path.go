package main

import (
	"context"
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
