package livekit

import (
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"voicerelay/downstream"
)

// clockSkew is how far a client's clock may be off. Its tokens hold for ten minutes.
const clockSkew = time.Minute

// keyOf is the key of a request: who its token says has issued it. The relay knows keys by their hashes only, so it can't verify
// a signature that was made with one; the issuer is as secret as any bearer key. A token that can't be read, or does not hold
// now, counts as none.
func keyOf(r *http.Request) string {
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(downstream.AnyKey(r), &claims); err != nil {
		return ""
	}
	if err := jwt.NewValidator(jwt.WithLeeway(clockSkew)).Validate(claims); err != nil {
		return ""
	}
	return claims.Issuer
}
