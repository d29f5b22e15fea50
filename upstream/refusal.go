package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"voicerelay/awake"
)

// maxRetryAfter is the longest that a vendor's Retry-After is believed.
const maxRetryAfter = time.Hour

// RefusedKind is what an HTTP status at the handshake means where a vendor says nothing else.
func RefusedKind(status int) Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return AuthFailed
	case http.StatusPaymentRequired:
		return NoCredit
	case http.StatusTooManyRequests:
		return Throttled
	}
	return ConnectFailed
}

// Refused says why a handshake failed. Of the library's error only the innermost cause is kept: its text and the
// URL within would tell a key that stands in the query.
func Refused(ctx context.Context, resp *http.Response, err error, kind func(status int) Kind) *Error {
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return &Error{
			Kind:       kind(resp.StatusCode),
			Class:      ClassStatus,
			Code:       strconv.Itoa(resp.StatusCode),
			Message:    refusedMessage,
			RetryAfter: RetryAfter(resp.Header, time.Now()),
		}
	}
	switch {
	case awake.TimedOut(ctx):
		return &Error{Kind: ConnectFailed, Class: ClassTimeout, Message: "no connection in time", Err: context.Cause(ctx)}
	case ctx.Err() != nil:
		return &Error{Kind: Canceled, Message: "cancelled while connecting", Err: context.Cause(ctx)}
	case resp != nil:
		return ClassHandshake.error(nil)
	}
	var located *url.Error
	if errors.As(err, &located) {
		return classOf(located.Err).error(located.Err)
	}
	return ClassOther.error(nil)
}

// error is the error of a connection that failed at that.
func (c Class) error(cause error) *Error {
	return &Error{Kind: ConnectFailed, Class: c, Message: classes[c], Err: cause}
}

// RetryAfter is what the header of that name asks for, in seconds or as a date; 0: nothing that can be read.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		return RetrySeconds(seconds)
	}
	if at, err := http.ParseTime(value); err == nil {
		return RetrySeconds(at.Sub(now).Seconds())
	}
	return 0
}

// RetrySeconds is a vendor's figure of seconds as a time of at most an hour, since a wild one must not take the
// vendor out of service.
func RetrySeconds(seconds float64) time.Duration {
	if !(seconds > 0) { // also where it is not a number
		return 0
	}
	return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
}
