package livekit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func bearing(authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/livekit/v1/tts", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

// signed is a token of some claims.
func signed(t testing.TB, claims jwt.MapClaims) string {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("some secret"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestKeyIsTheIssuerOfTheToken(t *testing.T) {
	now := time.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	good := signed(t, jwt.MapClaims{"iss": "the-key", "nbf": at(0), "exp": at(10 * time.Minute)})
	for name, test := range map[string]struct{ authorization, want string }{
		"as clients send it":       {"Bearer " + good, "the-key"},
		"a scheme in small":        {"bearer " + good, "the-key"},
		"another secret":           {"Bearer " + good[:strings.LastIndexByte(good, '.')] + ".AAAA", "the-key"},
		"a clock that is late":     {"Bearer " + signed(t, jwt.MapClaims{"iss": "the-key", "nbf": at(30 * time.Second), "exp": at(time.Hour)}), "the-key"},
		"expired":                  {"Bearer " + signed(t, jwt.MapClaims{"iss": "the-key", "exp": at(-2 * time.Minute)}), ""},
		"not yet":                  {"Bearer " + signed(t, jwt.MapClaims{"iss": "the-key", "nbf": at(time.Hour), "exp": at(2 * time.Hour)}), ""},
		"no issuer":                {"Bearer " + signed(t, jwt.MapClaims{"sub": "agent", "exp": at(time.Hour)}), ""},
		"an issuer that is a list": {"Bearer " + signed(t, jwt.MapClaims{"iss": []string{"the-key"}, "exp": at(time.Hour)}), ""},
		"a time that is a text":    {"Bearer " + signed(t, jwt.MapClaims{"iss": "the-key", "exp": "never"}), ""},
		"the key itself":           {"Bearer the-key", ""},
		"cut off":                  {"Bearer " + good[:len(good)/2], ""},
		"nothing":                  {"", ""},
		"an empty token":           {"Bearer ", ""},
		"dots":                     {"Bearer ..", ""},
	} {
		if got := keyOf(bearing(test.authorization)); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func FuzzKeyOf(f *testing.F) {
	f.Add("Bearer " + signed(f, jwt.MapClaims{"iss": "the-key"}))
	f.Add("Bearer e30.e30.")
	f.Add("Basic e30uZTMwLg==")
	f.Fuzz(func(t *testing.T, authorization string) {
		if key := keyOf(bearing(authorization)); key != "" && !strings.Contains(authorization, ".") && !strings.HasPrefix(strings.ToLower(authorization), "basic") {
			t.Errorf("%q has the key %q", authorization, key)
		}
	})
}
