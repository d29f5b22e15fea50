package upstreamtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

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
