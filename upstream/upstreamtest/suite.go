package upstreamtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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
	// Script plays the vendor on one socket until Next reports false.
	Script func(c *Conn)
	// NoWire says that there is no vendor to script, and so nothing to go wrong on a wire.
	NoWire bool
	// Audio is what a text is spoken as; nil: Speech, as scripts say it.
	Audio func(text string) []byte
	// Words are the words of a text in times from its first sample; nil: Words.
	Words func(text string) []upstream.Word

	// Errors are all the errors that the vendor can report, Statuses what it can answer handshakes with, and
	// Closes all its close codes with their kinds.
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

var errStop = errors.New("the test has heard enough")

// Run tests the subject.
func Run(t *testing.T, s Subject) {
	if (s.Script == nil) != s.NoWire {
		t.Fatal("a subject has either a Script or NoWire")
	}
	if s.Audio == nil {
		s.Audio = Speech
	}
	if s.Words == nil {
		s.Words = Words
	}
	for name, test := range map[string]func(*rig){
		"speaks in order":                speaksInOrder,
		"speaks a piece at a time":       speaksAPieceAtATime,
		"takes an empty last piece":      takesAnEmptyLastPiece,
		"says what it keeps back":        saysWhatItKeepsBack,
		"keeps streams apart":            keepsStreamsApart,
		"is silent after a cancel":       isSilentAfterCancel,
		"can be closed before it spoke":  canBeClosedBeforeItSpoke,
		"can be closed without a cause":  canBeClosedWithoutACause,
		"can be closed twice":            canBeClosedTwice,
		"refuses a piece after the last": refusesAPieceAfterTheLast,
		"does not open when cancelled":   doesNotOpenWhenCancelled,
		"says when it is gone":           saysWhenItIsGone,
		"says how its claims are known":  saysHowItsClaimsAreKnown,
	} {
		t.Run(name, func(t *testing.T) { bubble(t, s, test) })
	}
	if !s.NoWire {
		t.Run("refuses odd addresses", func(t *testing.T) { refusesOddAddresses(t, s) })
		runWire(t, s)
	}
}

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
			r.vendor = NewVendor(s.Script)
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

// saysHowItsClaimsAreKnown checks the evidence that clients and documents show.
func saysHowItsClaimsAreKnown(r *rig) {
	known := r.provider.Capabilities().Known
	for claim, evidence := range map[string]upstream.Evidence{
		"piece_ends": known.PieceEnds, "word_times": known.WordTimes, "cancel": known.Cancel, "cost": known.Cost,
	} {
		switch evidence {
		case upstream.Proven, upstream.Documented, upstream.Assumed:
		default:
			r.t.Errorf("Capabilities.Known: %s rests on %q", claim, evidence)
		}
	}
}

// env is what the process gives the provider.
func (r *rig) env() upstream.Env {
	env := upstream.Env{Name: "subject", APIKey: key, Log: zerolog.Nop()}
	if r.vendor != nil {
		env.URL, env.HTTP = URL, r.vendor.Client()
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

func speaksInOrder(r *rig) {
	l := r.open()
	l.speak(true, texts...)
	l.checkWhole()
	if took := l.close(nil); took != 0 {
		r.t.Errorf("Close after End took %v", took)
	}
}

func speaksAPieceAtATime(r *rig) {
	l := r.open()
	for i, text := range texts {
		l.speak(i == len(texts)-1, text)
		time.Sleep(10 * time.Second) // a language model that thinks
	}
	l.checkWhole()
	l.close(nil)
}

func takesAnEmptyLastPiece(r *rig) {
	l := r.open()
	l.speak(false, texts[0])
	time.Sleep(time.Second)
	l.speak(true, "")
	l.checkWhole()
	l.close(nil)
}

// manyPieces are more than any vendor takes at once, and more than some take in a minute.
const manyPieces = 70

// saysWhatItKeepsBack orders more pieces than some vendors take. Whenever the vendor is through with what it has, the
// others must be those that the stream says it keeps back; it sends them in time by itself.
func saysWhatItKeepsBack(r *rig) {
	if r.provider.Capabilities().PieceEnds == upstream.PieceEndsNone {
		return // when a piece is through can't be known
	}
	l := r.open()
	for i := range manyPieces {
		l.speak(false, fmt.Sprintf("This is piece %d.", i))
		time.Sleep(time.Second)
		synctest.Wait()
		if h := l.Heard(); len(h.Pieces)+h.Withheld != len(l.texts) {
			r.t.Fatalf("of %d pieces %d have ended and %d are kept back", len(l.texts), len(h.Pieces), h.Withheld)
		}
	}
	time.Sleep(10 * time.Minute)
	l.speak(true, "This is the last.")
	l.checkWhole()
	l.close(nil)
}

func keepsStreamsApart(r *rig) {
	var wg sync.WaitGroup
	for i := range 32 {
		l := r.open()
		wg.Go(func() {
			l.speak(true, fmt.Sprintf("I am number %d", i), "and I say so again", fmt.Sprintf("%d times", i))
			l.checkWhole()
			l.close(nil)
		})
	}
	wg.Wait()
}

func isSilentAfterCancel(r *rig) {
	if r.vendor != nil {
		r.vendor.SetPlan(Plan{Gap: 50 * time.Millisecond})
	}
	neighbor, l := r.open(), r.open()
	neighbor.speak(true, texts...)
	l.speak(false, texts...)
	time.Sleep(120 * time.Millisecond)
	told := time.Now()
	took := l.close(errStop)
	if took >= time.Second && r.provider.Capabilities().Cancel == upstream.CancelConfirmed {
		r.t.Errorf("Close took %v though the vendor confirms", took)
	}
	if h := l.Heard(); !errors.Is(h.Err, errStop) && h.Err != nil {
		r.t.Errorf("End: got %v, want the cause", h.Err)
	}
	r.checkStopped(l, told)
	neighbor.checkWhole() // and, by the sink, nothing more on l
	neighbor.close(nil)
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

func canBeClosedBeforeItSpoke(r *rig) {
	l := r.open()
	l.close(errStop)
	if h := l.Heard(); !errors.Is(h.Err, errStop) {
		r.t.Errorf("End: got %v, want the cause", h.Err)
	}
}

func canBeClosedWithoutACause(r *rig) {
	l := r.open()
	l.speak(false, texts[0])
	l.close(nil)
	if h := l.Heard(); upstream.KindOf(h.Err) != upstream.Canceled {
		r.t.Errorf("End: got %v, want cancelled", h.Err)
	}
}

func canBeClosedTwice(r *rig) {
	l := r.open()
	l.close(errStop)
	if err := l.Stream.Close(context.Background(), errStop); err != nil {
		r.t.Errorf("second Close: %v", err)
	}
}

func refusesAPieceAfterTheLast(r *rig) {
	l := r.open()
	l.speak(true, texts[0])
	l.wait()
	err := l.Stream.Speak(r.t.Context(), upstream.Piece{ID: 1, Text: texts[1]})
	if err == nil {
		r.t.Error("Speak after the end: no error")
	}
	CheckError(r.t, err, nil, key, texts[1])
	l.close(nil)
}

func doesNotOpenWhenCancelled(r *rig) {
	ctx, cancel := context.WithCancel(r.t.Context())
	cancel()
	if l, err := r.tryOpen(ctx); err == nil {
		r.t.Log("opened in spite of a cancelled context, which is allowed where nothing had to be waited for")
		l.close(errStop)
	}
}

// A stream that was stopped is gone from its vendor in the end, whether or not the vendor confirms, and says so once.
func saysWhenItIsGone(r *rig) {
	l := r.open()
	l.speak(false, texts[0])
	l.close(errStop)
	lingers, ok := l.Stream.(upstream.Lingerer)
	if !ok {
		if r.provider.Capabilities().Cancel == upstream.CancelSilent {
			r.t.Error("nothing confirms that the vendor has stopped, and the stream does not say when it is gone")
		}
		return // gone with Close
	}
	gone := make(chan struct{}, 2)
	lingers.WhenGone(func() { gone <- struct{}{} })
	time.Sleep(upstream.MostGone)
	synctest.Wait()
	if len(gone) != 1 {
		r.t.Errorf("%v after its cancel the stream has said %d times that it is gone, want once", upstream.MostGone, len(gone))
	}
}
