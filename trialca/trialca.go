// Package trialca makes a CA and a certificate by it, for trials of clients that insist on TLS. The key of the CA is not kept.
package trialca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Files is what belongs to each of the files of `relay cert`.
type Files[T any] struct {
	CA    T // the CA's certificate, which clients trust
	Chain T // the relay's certificate, and the CA's
	Key   T // the relay's private key
}

// clockError is how far behind a client's clock may be.
const clockError = time.Hour

// An authority is a CA. Its key is nowhere but here, so that it can sign nothing more once the process has ended.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue makes a CA for some hosts and a certificate of theirs, in PEM.
func issue(hosts Hosts, end time.Time) (made Files[[]byte], err error) {
	ca, err := newAuthority(hosts, end)
	if err != nil {
		return made, err
	}
	leaf, key, err := ca.sign(hosts)
	if err != nil {
		return made, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return made, fmt.Errorf("encode the key: %w", err)
	}
	made.CA = encodeCertificate(ca.certificate.Raw)
	made.Chain = append(encodeCertificate(leaf), made.CA...)
	made.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return made, nil
}

// encodeCertificate is a certificate in PEM.
func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// newAuthority makes a CA that may vouch for the given hosts alone, so that a machine which trusts it gives away no more than that.
func newAuthority(hosts Hosts, end time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the CA's key: %w", err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "voicerelay CA of " + time.Now().Format(time.DateTime)},
		NotBefore:             time.Now().Add(-clockError),
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	constrain(template, hosts)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the CA: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the CA: %w", err)
	}
	return &authority{certificate: certificate, key: key}, nil
}

// constrain permits the hosts alone. A kind of name of which none is permitted would be free, so one that nobody has is: .invalid
// (RFC 6761), and 192.0.2.0 (RFC 5737).
func constrain(template *x509.Certificate, hosts Hosts) {
	template.PermittedDNSDomainsCritical = true
	template.PermittedDNSDomains = hosts.Names
	if len(hosts.Names) == 0 {
		template.PermittedDNSDomains = []string{"invalid"}
	}
	addresses := hosts.Addresses
	if len(addresses) == 0 {
		addresses = []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, 0})}
	}
	for _, a := range addresses {
		template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())})
	}
}

// sign makes a certificate of a server's hosts, which the CA need not be permitted to vouch for, and its key.
func (a *authority) sign(hosts Hosts) (der []byte, key *ecdsa.PrivateKey, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, fmt.Errorf("make the key: %w", err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "voicerelay server"}, // with a space, or OpenSSL would take it for a host
		NotBefore:             a.certificate.NotBefore,
		NotAfter:              a.certificate.NotAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              hosts.Names,
	}
	for _, address := range hosts.Addresses {
		template.IPAddresses = append(template.IPAddresses, address.AsSlice())
	}
	if der, err = x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key); err != nil {
		return nil, nil, fmt.Errorf("make the certificate: %w", err)
	}
	return der, key, nil
}
