package client

import (
	"net/url"
	"testing"
)

// An address is refused, or leads to the host that it names.
func FuzzSpeechURL(f *testing.F) {
	for _, seed := range []string{
		"http://relay.example", "wss://relay.example/v1/speech?audio=json", "https://h/base/", "ws://[::1]:8080", "ftp://h", "h", "", "http://", "ws://u:p@h/?a=b#c",
		"http://h/%zz", "http://h/../v1/speech",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		got, err := speechURL(address)
		if err != nil {
			return
		}
		given, err := url.Parse(address)
		if err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		u, err := url.Parse(got)
		if err != nil || u.Host != given.Host || u.Scheme != given.Scheme || u.Query().Get("audio") != "binary" {
			t.Errorf("%q leads to %q: %v", address, got, err)
		}
		exposes(u)
	})
}
