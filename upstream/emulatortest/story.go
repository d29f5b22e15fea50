package emulatortest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/upstreamtest"
)

// KeepApart speaks pieces on many streams at once. In the texts NAME stands for a stream's own.
func (r *Rig) KeepApart(streams int, texts ...string) {
	r.Helper()
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() {
			named := make([]string, len(texts))
			for n, text := range texts {
				named[n] = strings.ReplaceAll(text, "NAME", fmt.Sprintf("%c%c", 'a'+i%26, 'a'+i/26))
			}
			r.WantWords(r.Try(r.Named(fmt.Sprintf("gen-%d", i)), named...), strings.Join(named, " "))
		})
	}
	wg.Wait()
}

// Interrupt stops a stream in the middle of its first piece, and tells when that was and how long it took.
func (r *Rig) Interrupt(last bool, texts ...string) (told time.Time, took time.Duration) {
	r.Helper()
	l := r.Begin(r.Request)
	l.MustOrder(last, texts...)
	r.AwaitAudio()
	told = time.Now()
	l.Stop(ErrStop)
	took = time.Since(told)
	l.WantStopped(ErrStop)
	return told, took
}

// Stall has the vendor fall silent after some audio: the stream waits for a while, and can be stopped within a limit.
func (r *Rig) Stall(wait, limit time.Duration, texts ...string) upstreamtest.Heard {
	r.Helper()
	l := r.Begin(r.Request)
	l.MustOrder(true, texts...)
	r.AwaitAudio()
	select {
	case <-l.Ended():
		r.Errorf("ended by itself: %v", l.Heard().Err)
	case <-time.After(wait):
	}
	l.StopWithin(limit, ErrStop)
	l.WantStopped(ErrStop)
	return l.Heard()
}

// Fault reads a fault as emulator.ParseFault does.
func Fault(t testing.TB, written string) emulator.Fault {
	t.Helper()
	f, err := emulator.ParseFault(written)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Meet speaks the sentences to what the vendor has in store for them: an end of that kind, or where it is empty a good
// one.
func (r *Rig) Meet(want upstream.Kind) {
	r.Helper()
	h := r.Try(r.Request, Sentences()...)
	switch kind := r.Options.Fault.Kind; {
	case want != "":
		r.WantKind(h.Err, want)
	case kind == emulator.Empty || kind == emulator.WrongLength: // for the relay to find out
		if h.Err != nil {
			r.Errorf("End: %v", h.Err)
		}
	default:
		r.WantWords(h, Text())
	}
}

// WantKind checks what kind an error is of.
func (r *Rig) WantKind(err error, want upstream.Kind) {
	r.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) || e.Kind != want {
		r.Errorf("got %v, want %s", err, want)
	}
}
