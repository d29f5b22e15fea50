package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// dialFirst connects for the first time. What is wrong with an address or a key shows at once; a relay that refuses for the
// time being is asked again.
func dialFirst(ctx context.Context, cfg Config) (*link, error) {
	began := time.Now()
	for failures := 1; ; failures++ {
		l, err := cfg.connect(ctx, 0)
		if err == nil {
			return l, nil
		}
		wait := min(cfg.Backoff.after(failures), longestWaited)
		if !retryable(err) || time.Since(began)+wait > cfg.Patience {
			return nil, err
		}
		if !sleep(ctx, wait) {
			return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// connect asks the relays one after the other, beginning with that number, and returns the first link.
func (c Config) connect(ctx context.Context, first int) (*link, error) {
	var failures refusals
	for i := range c.URLs {
		l, err := c.connectTo(ctx, (first+i)%len(c.URLs))
		if err == nil {
			return l, nil
		}
		if failures = append(failures, err); ctx.Err() != nil {
			break
		}
	}
	return nil, failures
}

// connectTo opens a link. The deadline is that of the ready, since a relay that accepts and says nothing is none.
func (c Config) connectTo(ctx context.Context, number int) (*link, error) {
	deadline := connectTime
	if len(c.URLs) > 1 {
		deadline = connectTimeOfMany
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	options := &websocket.DialOptions{
		HTTPClient: withoutRedirects(c.HTTPClient), HTTPHeader: http.Header{}, Subprotocols: []string{protocol.Subprotocol},
	}
	if c.Key != "" {
		options.HTTPHeader.Set("Authorization", "Bearer "+c.Key)
	}
	conn, response, err := websocket.Dial(ctx, c.URLs[number], options)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", refusal(response, err))
	}
	conn.SetReadLimit(readLimit)
	l := &link{conn: conn, number: number, speeches: make(map[string]*Speech)}
	if l.ready, err = readReady(ctx, conn); err != nil {
		_ = conn.CloseNow() // there is nothing to say to it
		return nil, fmt.Errorf("connect: %w: %w", ErrUnreachable, err)
	}
	return l, nil
}

// withoutRedirects is the client, but that it takes a redirect for an answer. Following one would send the key elsewhere: to
// another port, or from https to http.
func withoutRedirects(c *http.Client) *http.Client {
	if c == nil {
		c = http.DefaultClient
	}
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// refusal is the relay's own words where it gave any.
func refusal(response *http.Response, err error) error {
	if response == nil || response.Body == nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	var body struct {
		Error *protocol.Error `json:"error"`
	}
	if json.NewDecoder(response.Body).Decode(&body) != nil || body.Error == nil || body.Error.Code == "" {
		return fmt.Errorf("%w: %w", ErrUnreachable, statusError(response.StatusCode))
	}
	return body.Error
}

// statusError is the HTTP status of a refusal that is not the relay's own, but for example a balancer's.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("answered with status %d %s", int(e), http.StatusText(int(e)))
}

// refusals is why none of the relays was connected to, each in its turn.
type refusals []error

func (r refusals) Error() string {
	texts := make([]string, len(r))
	for i, err := range r {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (r refusals) Unwrap() []error { return r }

// retryable reports whether a relay, or a balancer before it, refused a connection for the time being.
func retryable(err error) bool {
	if all, ok := errors.AsType[refusals](err); ok {
		for _, err := range all {
			if retryable(err) {
				return true
			}
		}
		return false
	}
	var refused *protocol.Error
	if errors.As(err, &refused) {
		return refused.Code.Retryable()
	}
	var status statusError
	if !errors.As(err, &status) {
		return false
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// final reports whether every relay will refuse a connection again, so that there is no sense in another try.
func final(err error) bool {
	if all, ok := errors.AsType[refusals](err); ok {
		for _, err := range all {
			if !final(err) {
				return false
			}
		}
		return true
	}
	var refused *protocol.Error
	return errors.As(err, &refused) && !refused.Code.Retryable()
}
