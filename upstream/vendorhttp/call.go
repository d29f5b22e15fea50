package vendorhttp

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"voicerelay/upstream"
)

// call is one request of a stream: a piece, or a part of one that is too long for the vendor.
type call struct {
	// Static.
	piece       int
	text        string // blank: nothing is asked of the vendor
	first, ends bool   // it begins its piece, and ends it
	last        bool   // the stream ends with it

	// Guarded by the stream's lock.
	started bool
	left    bool // it has been heard, and is released or about to be

	reached atomic.Bool // the vendor may have heard of it

	// Set before ready is closed.
	ready     chan struct{}
	answer    *http.Response
	requestID string
	fault     *upstream.Error

	cancel context.CancelFunc // of the request; set when it is started

	metered upstream.Metered // what the vendor said of it; owned by the stream's run
}

const (
	// refusalPatience is how long the explanation of a refusal may take to come.
	refusalPatience = 2 * time.Second
	// drainPatience is how long the end of a body may take, once its speech is over, to save the connection.
	drainPatience = time.Second
	// maxDrain is how much may come there, in bytes.
	maxDrain = 64 << 10
)

// fetch makes the request. It runs in a goroutine of the client's.
func (k *call) fetch(ctx context.Context, c *Client, d Dialect) {
	defer close(k.ready)
	resp, fault := c.do(ctx, d.Request(k.text), &k.reached)
	if fault != nil {
		k.fault = fault
		return
	}
	k.requestID = upstream.RequestIDHeader(resp, c.cfg.RequestIDHeader)
	if resp.StatusCode/100 == 2 {
		k.answer = resp
		return
	}
	k.fault = k.refused(resp, c, d)
}

// refused reads the explanation of a refusal.
func (k *call) refused(resp *http.Response, c *Client, d Dialect) *upstream.Error {
	late := c.cfg.Awake.AfterFunc(refusalPatience, k.cancel)
	defer late.Stop()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what came of it is all there is
	_ = resp.Body.Close()
	told := *d.Refused(Refusal{Status: resp.StatusCode, Header: resp.Header, Body: body})
	told.RequestID = cmp.Or(told.RequestID, k.requestID)
	told.RetryAfter = cmp.Or(told.RetryAfter, upstream.RetryAfter(resp.Header, time.Now()))
	return &told
}

// release ends the request, wherever it stands, and waits for its goroutine. It is called once.
func (k *call) release(c *Client) {
	k.cancel()
	<-k.ready
	if k.answer != nil {
		_ = k.answer.Body.Close() // nothing more of it is wanted
	}
	c.busy.Add(-1)
}

// drain reads what little may follow an answer's speech, so that its connection can be kept, and releases the request.
func (k *call) drain(c *Client) {
	late := c.cfg.Awake.AfterFunc(drainPatience, k.cancel)
	_, _ = io.CopyN(io.Discard, k.answer.Body, maxDrain) // else the connection is closed
	late.Stop()
	k.release(c)
}
