package tests

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

func sha256Hex(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func bearer(key string) http.Header { return http.Header{"Authorization": {"Bearer " + key}} }

func with(h http.Header, name, value string) http.Header {
	h = h.Clone()
	h.Set(name, value)
	return h
}
