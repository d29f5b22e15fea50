package downstreamtest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// Single is a client of a dialect in which each text is a request of its own.
type Single struct {
	// Static.
	Relay *Relay
	// Ask is the request for a text, by a URL such as http://localhost/path.
	Ask func(ctx context.Context, text string) (*http.Request, error)
	// Read is what the client hears next in a body, as Client.Next, with io.EOF at its end.
	Read func(body *bufio.Reader) (Event, error)

	text   strings.Builder
	cancel context.CancelFunc
	asked  chan asked // holds how the request was answered, until that is read
	body   io.ReadCloser
	read   *bufio.Reader
	over   bool
}

// asked is how a request was answered.
type asked struct {
	answer *http.Response
	err    error
}

// Say implements Client.
func (c *Single) Say(_, text string) { c.text.WriteString(text) }

// Flush implements Client. There is nothing to flush.
func (c *Single) Flush(string) {}

// Interrupt implements Client. Such a client hangs up.
func (c *Single) Interrupt(string) {}

// End implements Client: it asks. Its goroutine ends with the answer's header.
func (c *Single) End(string) {
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	c.asked = make(chan asked, 1)
	request, err := c.Ask(ctx, c.text.String())
	if err != nil {
		c.asked <- asked{nil, err}
		return
	}
	client := c.Relay.HTTP()
	go func() {
		answer, err := client.Do(request)
		c.asked <- asked{answer, err}
	}()
}

// Hangup implements Client.
func (c *Single) Hangup() {
	if c.cancel == nil {
		return
	}
	c.cancel()
	c.cancel = nil
	if c.body == nil {
		if got := <-c.asked; got.err == nil {
			c.body = got.answer.Body
		}
	}
	if c.body != nil {
		_ = c.body.Close() // it was cut off
	}
}

// Next implements Client.
func (c *Single) Next() (Event, error) {
	if c.over {
		return Event{}, io.EOF
	}
	if c.body == nil {
		if err := c.begin(); err != nil {
			return Event{}, err
		}
	}
	event, err := c.Read(c.read)
	if errors.Is(err, io.EOF) {
		event, err = Event{Kind: Over}, nil
	}
	c.over = err == nil && event.Kind == Over
	return event, err
}

// begin waits for the answer's header.
func (c *Single) begin() error {
	got := <-c.asked
	switch {
	case got.err != nil:
		c.asked <- got // for Hangup
		return got.err
	case got.answer.StatusCode != http.StatusOK:
		c.body = http.NoBody
		return RefusedBy(got.answer)
	}
	c.body, c.read = got.answer.Body, bufio.NewReader(got.answer.Body)
	return nil
}

// PCM reads a body of samples alone.
func PCM(body *bufio.Reader) (Event, error) {
	pcm := make([]byte, 4800)
	n, err := io.ReadFull(body, pcm)
	if n > 0 {
		err = nil // it comes again
	}
	return Event{Kind: Audio, PCM: pcm[:n]}, err
}
