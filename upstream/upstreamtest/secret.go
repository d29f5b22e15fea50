package upstreamtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// vendorText is what scripts put where vendors have free text, which may contain a client's.
const vendorText = "secret vendor text"

// checkSecrets searches an error, and every cause within it, printed in every way.
func checkSecrets(t testing.TB, err error, secrets []string) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			printed := fmt.Sprintf(verb, err)
			for _, secret := range append([]string{vendorText}, secrets...) {
				if secret != "" && strings.Contains(printed, secret) {
					t.Errorf("a %T printed with %s tells %q", err, verb, secret)
				}
			}
		}
	}
}
