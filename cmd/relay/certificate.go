package main

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"time"

	"voicerelay/config"
)

// certificate is what the relay shows its clients. It is read again at each reload, since certificates are renewed. It is
// safe for concurrent use.
type certificate struct {
	files config.TLSConfig // static
	now   atomic.Pointer[tls.Certificate]
}

// openCertificate reads a certificate; nil where there is to be none.
func openCertificate(files config.TLSConfig) (*certificate, error) {
	if files == (config.TLSConfig{}) {
		return nil, nil
	}
	c := &certificate{files: files}
	read, err := c.read()
	c.now.Store(read)
	return c, err
}

func (c *certificate) read() (*tls.Certificate, error) {
	read, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &read, nil
}

// expires is when the certificate that is shown now ends.
func (c *certificate) expires() time.Time {
	return c.now.Load().Leaf.NotAfter // which LoadX509KeyPair has parsed
}

// config is a listener's; nil without a certificate.
func (c *certificate) config() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
		NextProtos:     []string{"http/1.1"}, // which WebSocket upgrades need
		MinVersion:     tls.VersionTLS12,
	}
}
