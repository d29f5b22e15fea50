package engine

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// URL is the address of the vendor at a host, as clients are told it.
func (s *Server) URL(host string) string {
	scheme := cmp.Or(s.vendor.Scheme, "ws")
	if s.opts.TLS {
		scheme += "s"
	}
	return scheme + "://" + host + s.vendor.Base
}

// Start listens on an address and returns the base URL, such as ws://127.0.0.1:9000.
func (s *Server) Start(address string) (url string, err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	url = s.URL(listener.Addr().String())
	if s.opts.Distance > 0 {
		listener = &farListener{Listener: listener, links: &s.links, distance: s.opts.Distance, run: s.run}
	}
	if s.opts.TLS {
		s.certificate, err = newCertificate()
		if err != nil {
			return "", errors.Join(err, listener.Close())
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12})
	}
	if s.talk != nil {
		s.stop = listener.Close
		s.wg.Go(func() { s.accept(listener) })
		return url, nil
	}
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // of clients that leave before they have said anything
	}
	if s.vendor.Scheme == schemeHTTP {
		server.ConnState, server.IdleTimeout = s.watch, s.opts.Inactivity
	}
	s.stop = server.Close
	s.wg.Go(func() { _ = server.Serve(listener) }) // ends with Close
	return url, nil
}
