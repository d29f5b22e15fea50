package together

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
	"voicerelay/upstream/upstreamtest"
)

const (
	seeds   = upstreamtest.Seeds
	goodKey = "tg_secret"
)

// emulated has the key where auth says.
func emulated(auth string) emulatortest.Subject {
	return emulatortest.Subject{
		Vendor: "together",
		Open: func(_ uint64, env upstream.Env) (upstream.Provider, error) {
			cfg := defaults()
			cfg.Auth = auth
			return open(cfg, env)
		},
		Request: request(),
		Key:     goodKey,
		Accepts: goodKey,
		Bubble:  true,
	}
}

// usual is the adapter as it is by default.
func usual() emulatortest.Subject { return emulated(defaults().Auth) }

// wantWhole checks that all of the texts has been spoken, and is where the words' times say.
func wantWhole(r *emulatortest.Rig, h upstreamtest.Heard, texts ...string) {
	r.Helper()
	r.WantWords(h, strings.Join(texts, " "))
	r.WantPieces(h, len(texts))
	r.WantTimes(h, texts...)
}

// TestEmulatorSpeaksEveryWord takes turns, on one socket where it is kept, at a speaker's pace and at once.
func TestEmulatorSpeaksEveryWord(t *testing.T) {
	for _, pace := range []float64{0, 1} {
		t.Run(fmt.Sprint("pace ", pace), func(t *testing.T) {
			usual().EachSeed(t, emulator.Options{Pace: pace}, func(r *emulatortest.Rig) {
				for turn := range 3 {
					wantWhole(r, r.Try(r.Named(fmt.Sprint("turn-", turn)), emulatortest.Sentences()...), emulatortest.Sentences()...)
				}
				if st := r.Server.Stats(); st.Sockets != 1 {
					r.Logf("three turns took %d sockets", st.Sockets)
				}
			})
		})
	}
}

// TestEmulatorSpeaksAsTextComes has text whose end becomes known later than its last words, and pauses between.
func TestEmulatorSpeaksAsTextComes(t *testing.T) {
	usual().EachSeed(t, emulator.Options{Pace: 20}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		for i, text := range append(emulatortest.Sentences(), "") {
			l.MustOrder(text == "", text)
			time.Sleep(10 * time.Second)
			if got := len(l.Heard().Pieces); got != i+1 {
				r.Fatalf("%d pieces have ended, want %d", got, i+1)
			}
		}
		h := l.Finish()
		h.Pieces = h.Pieces[:len(h.Pieces)-1]
		wantWhole(r, h, emulatortest.Sentences()...)
	})
}

// TestEmulatorMayMakeSeveralItemsOfACommit has several sentences in a commit, and longer pauses before each item than
// the quiet period.
func TestEmulatorMayMakeSeveralItemsOfACommit(t *testing.T) {
	texts := []string{"Our quick brown fox jumps. Over they go! Was that a dog?", "No. It is lazy.", "And so home again, then. Sleep well."}
	usual().EachSeed(t, emulator.Options{FirstAudio: 400 * time.Millisecond, Pace: 20}, func(r *emulatortest.Rig) {
		for turn := range 2 {
			wantWhole(r, r.Try(r.Named(fmt.Sprint("turn-", turn)), texts...), texts...)
		}
	})
}

// TestEmulatorKeepsStreamsApart speaks many at once, on a socket each until contexts have been named.
func TestEmulatorKeepsStreamsApart(t *testing.T) {
	usual().FirstSeeds(t, seeds/2, emulator.Options{Pace: 10}, func(r *emulatortest.Rig) {
		for wave := range 2 {
			var wg sync.WaitGroup
			for i := range 32 {
				wg.Go(func() {
					text := fmt.Sprintf("word%c said%c twice%c", 'a'+i%26, 'a'+i%26, 'a'+i/26)
					wantWhole(r, r.Try(r.Named(fmt.Sprint("wave-", wave, "-", i)), text), text)
				})
			}
			wg.Wait()
		}
		if st := r.Server.Stats(); st.MaxOpenSockets > 32 {
			r.Errorf("got %d sockets at once", st.MaxOpenSockets)
		}
	})
}

// TestEmulatorIsSpentBeforeItsContextsAre takes more turns than a socket has contexts.
func TestEmulatorIsSpentBeforeItsContextsAre(t *testing.T) {
	usual().FirstSeeds(t, seeds/4, emulator.Options{}, func(r *emulatortest.Rig) {
		for turn := range contextsInAll + 20 {
			if h := r.Try(r.Named(fmt.Sprint("turn-", turn)), "Yes."); h.Err != nil {
				r.Fatalf("turn %d: %v", turn, h.Err)
			}
		}
		if st := r.Server.Stats(); st.Sockets < 2 {
			r.Errorf("got %d sockets for %d contexts", st.Sockets, contextsInAll+20)
		}
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { usual().RequestIDs(t, "drop:200ms", "") }
