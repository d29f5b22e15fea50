package upstreamtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
)

// Subject is a provider under test.
type Subject struct {
	// Open makes the provider. env.HTTP reaches the script at env.URL.
	Open func(env upstream.Env) (upstream.Provider, error)
	// Request is one that the provider serves. The suite changes ID, Affinity and Tenant.
	Request upstream.Request
	// Script plays the vendor on one socket until Next reports false, or answers one request.
	Script func(c *Conn)
	// Wire is what carries the vendor's words; Next reads a client's message where that is a bare connection.
	Wire Wire
	Next func(*bufio.Reader) ([]byte, error)
	// NoWire says that there is no vendor to script, and so nothing to go wrong on a wire.
	NoWire bool
	// Audio is what a text is spoken as; nil: Speech, as scripts say it.
	Audio func(text string) []byte
	// Words are the words of a text in times from its first sample; nil: Words.
	Words func(text string) []upstream.Word

	// Errors are all the errors that the vendor can report, Statuses what it can answer handshakes or requests with, and
	// Closes all its close codes with their kinds. A wire that has none of them needs none.
	Errors   []ErrorCase
	Statuses map[int]upstream.Kind
	Closes   map[int]upstream.Kind
}

// ErrorCase is one error of a vendor's.
type ErrorCase struct {
	Name string
	// Send reports the error for the stream of that id.
	Send func(c *Conn, id string)
	Kind upstream.Kind
	Code string
	// Session: it ends all streams on the socket.
	Session bool
}

// key is the account key of every test.
const key = "key-that-nobody-may-see"

// rig is one test's provider and vendor.
type rig struct {
	t        *testing.T
	s        Subject
	vendor   *Vendor // nil where there is no wire
	provider upstream.Provider
	streams  int
}

// bubble runs a test on fake time. It ends in failure where a goroutine is left.
func bubble(t *testing.T, s Subject, test func(*rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, s: s}
		if s.Script != nil {
			r.vendor = s.vendor()
			defer r.vendor.Close()
		}
		var err error
		r.provider, err = s.Open(r.env())
		must(t, err)
		defer func() {
			if err := r.provider.Close(); err != nil {
				t.Errorf("Provider.Close: %v", err)
			}
		}()
		test(r)
	})
}

// vendor starts the vendor.
func (s Subject) vendor() *Vendor {
	switch s.Wire {
	case OverHTTP:
		return NewHTTPVendor(s.Script)
	case OverTCP:
		return NewTCPVendor(s.Next, s.Script)
	}
	return NewVendor(s.Script)
}

// env is what the process gives the provider.
func (r *rig) env() upstream.Env {
	env := upstream.Env{Name: "subject", APIKey: key, Log: zerolog.Nop()}
	if r.vendor != nil {
		env.URL, env.HTTP = r.s.Wire.URL(), r.vendor.Client()
	}
	return env
}

// line is an open stream and its sink.
type line struct {
	*Line
	r  *rig
	id string
}

// open opens a stream.
func (r *rig) open() *line {
	r.t.Helper()
	l, err := r.tryOpen(r.t.Context())
	if err != nil {
		r.t.Fatalf("Open: %v", err)
	}
	return l
}

func (r *rig) tryOpen(ctx context.Context) (*line, error) {
	r.streams++
	req := r.s.Request
	req.ID = fmt.Sprintf("stream-%d", r.streams)
	req.Tenant = "tenant"
	opened, err := openLine(ctx, r.t, r.provider, req, key)
	return &line{Line: opened, r: r, id: req.ID}, err
}

// refused is why no speech can begin: of a vendor that answers requests it is told by the stream's end.
func (r *rig) refused() error {
	r.t.Helper()
	l, err := r.tryOpen(r.t.Context())
	if err != nil || r.s.Wire != OverHTTP {
		return err
	}
	l.Order(true, texts[0])
	h := l.wait()
	l.close(nil)
	return h.Err
}

// wantFrames checks how many of the vendor's frames were heard. In an answer's body they have no bounds, but their length.
func (r *rig) wantFrames(h Heard, want int) {
	r.t.Helper()
	if r.s.Wire == OverHTTP {
		if len(h.Audio) != want*frameSize {
			r.t.Errorf("got %d bytes of audio, want those of %d frames of %d", len(h.Audio), want, frameSize)
		}
		return
	}
	if h.Frames != want {
		r.t.Errorf("got %d frames, want %d", h.Frames, want)
	}
}

// checkStopped checks that the vendor has been told of the cancel, at once.
func (r *rig) checkStopped(l *line, since time.Time) {
	r.t.Helper()
	if r.vendor == nil {
		return
	}
	synctest.Wait()
	for _, stop := range r.vendor.Stops() {
		if (stop.ID == l.id || stop.ID == "") && stop.At.Equal(since) {
			return
		}
	}
	r.t.Errorf("the vendor was not told to stop %s: %v", l.id, r.vendor.Stops())
}

// speak orders pieces, the last of which is the stream's last where last is set.
func (l *line) speak(last bool, texts ...string) {
	l.r.t.Helper()
	l.MustOrder(last, texts...)
}

// close closes the stream with a second to do so.
func (l *line) close(cause error) time.Duration {
	l.r.t.Helper()
	began := time.Now()
	l.StopWithin(time.Second, cause)
	return time.Since(began)
}

// checkWhole checks that everything that was ordered has been delivered.
func (l *line) checkWhole() {
	t := l.r.t
	t.Helper()
	h := l.wait()
	if h.Err != nil {
		t.Errorf("End: %v", h.Err)
	}
	var audio []byte
	var ends []int
	var words []upstream.Word
	for i, text := range l.texts {
		offset := time.Duration(len(audio)/2) * time.Second / time.Duration(rate)
		for _, w := range l.r.s.Words(text) {
			words = append(words, upstream.Word{Text: w.Text, Piece: i, Start: w.Start + offset, End: w.End + offset})
		}
		audio = append(audio, l.r.s.Audio(text)...)
		ends = append(ends, len(audio))
	}
	if !bytes.Equal(h.Audio, audio) {
		t.Errorf("%s: got %d bytes of audio, want these %d", l.id, len(h.Audio), len(audio))
	}
	caps := l.r.provider.Capabilities()
	if caps.PieceEnds != upstream.PieceEndsNone && !endedInPlace(h.PieceBytes, ends) {
		t.Errorf("%s: pieces ended after %v bytes, want %v", l.id, h.PieceBytes, ends)
	}
	if h.Withheld != 0 {
		t.Errorf("%s: %d pieces are still kept back", l.id, h.Withheld)
	}
	if caps.WordTimes != upstream.WordTimesNone {
		checkWords(t, h.Words, words)
	}
}

// endedInPlace reports whether each piece ended where its own audio does or, together with a later one, where that one's
// does.
func endedInPlace(got, want []int) bool {
	if len(got) != len(want) {
		return false
	}
	for i, at := range got {
		if !slices.Contains(want[i:], at) {
			return false
		}
	}
	return true
}

// checkWords compares words but for their scores, and times to the millisecond that vendors tell.
func checkWords(t *testing.T, got, want []upstream.Word) {
	t.Helper()
	same := func(a, b upstream.Word) bool {
		return a.Text == b.Text && a.Piece == b.Piece &&
			(a.Start-b.Start).Abs() <= time.Millisecond && (a.End-b.End).Abs() <= time.Millisecond
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("got words %+v\nwant %+v", got, want)
	}
}

// texts is a generation of three pieces.
var texts = []string{"One, two and three.", "Four times five!", "Then the rest of it comes."}
