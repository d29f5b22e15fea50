package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// outcome is what a sink made of a batch.
type outcome string

// The outcomes, as metrics call them.
const (
	accepted    outcome = "accepted"
	unreachable outcome = "unreachable" // no answer, or none in time
	redirected  outcome = "redirect"    // is not followed: whoever answers there might not be meant
	refused     outcome = "refused"     // 400, 413, 422: it may accept a part
	unwanted    outcome = "rejected"    // another 4xx: it may accept the same later, with the operator's help
	broken      outcome = "failed"      // 5xx
	gone        outcome = "gone"        // 410: it wants nothing any more
)

// answer is what came of a call.
type answer struct {
	outcome    outcome
	retryAfter time.Duration // 0: it did not say
	err        error         // nil if it was accepted
}

// maxAnswer is how much of an answer is read, so that the connection can be used again. Nothing in it counts.
const maxAnswer = 64 << 10

// post sends a batch once.
func post(ctx context.Context, client *http.Client, s *Sink, b *batch) answer {
	body, header, err := b.request(s, time.Now())
	if err != nil {
		return answer{outcome: unreachable, err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return answer{outcome: unreachable, err: errors.New("make a request: the url is invalid")} // the cause has the URL
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		return answer{outcome: unreachable, err: withoutURL(err)}
	}
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // the status has said all
	_ = response.Body.Close()
	return judge(response)
}

// withoutURL is why a call failed, without where it went: that may hold secrets.
func withoutURL(err error) error {
	var located *url.Error
	if errors.As(err, &located) {
		return located.Err
	}
	return err
}

// judge says what a status means.
func judge(r *http.Response) answer {
	a := answer{retryAfter: retryAfter(r.Header, time.Now()), err: fmt.Errorf("answered with %d", r.StatusCode)}
	switch status := r.StatusCode; {
	case status >= 200 && status < 300:
		a.outcome, a.err = accepted, nil
	case status < 400:
		a.outcome = redirected
	case status == http.StatusGone:
		a.outcome = gone
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		a.outcome = refused
	case status < 500:
		a.outcome = unwanted
	default:
		a.outcome = broken
	}
	return a
}

// retryAfter is how long a sink asks to be left alone: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// newClient is for calls to sinks. It follows no redirect.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 1 // a sink gets one batch at a time
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
