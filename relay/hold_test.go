package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// At a fault what is held is sent up to the end of the last word that is known, and dies away there.
func TestHeldAudioIsCutBetweenWords(t *testing.T) {
	for name, f := range map[string]upstream.Frame{"raw": relaytest.FakeFrame('a'), "base64": base64Of(relaytest.FakeFrame('a'))} {
		t.Run(name, func(t *testing.T) {
			a := speakingTo(t, relaytest.NewFake().Caps, relaytest.TwelveWords)
			ordered(a)
			a.Audio(f)
			drain(a.out.outbox)
			p, err := a.conversion.Payload(f, relaytest.FakeFrame('a').Raw, false)
			if err != nil {
				t.Fatal(err)
			}
			a.held.Push(p)
			a.held.Push(p)
			const end = 2*relaytest.SamplesPerChar + relaytest.SamplesPerChar/2 // of a word, in the second frame that is held
			a.out.track.AddWords([]text.Timed{{Start: relaytest.SamplesPerChar / 2, End: end}, {Start: end, End: 9 * relaytest.SamplesPerChar}})
			a.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
			attemptsOf(a).resumeInterrupted()
			if got := a.out.track.Samples; got != end {
				t.Errorf("sent %d samples, want %d", got, end)
			}
			bodies := drain(a.out.outbox)
			var last struct{ Audio []byte }
			if err := json.Unmarshal(bodies[len(bodies)-1], &last); err != nil {
				t.Fatal(err)
			}
			if got := int16(binary.LittleEndian.Uint16(last.Audio[len(last.Audio)-2:])); got > relaytest.Loudness('a')/50 {
				t.Errorf("the last sample is %d, want next to silence", got)
			}
			if a.out.lastSample.IsSet() {
				t.Error("what has died away would die away again")
			}
		})
	}
}

func base64Of(f upstream.Frame) upstream.Frame {
	return upstream.Frame{Format: f.Format, Base64: base64.StdEncoding.AppendEncode(nil, f.Raw)}
}

// While any is held back the client has in hand what it needs, and never more than the bound is held.
func TestHeldIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stage{
			vendor: relaytest.Deaf(upstream.PieceEndsExact), text: strings.Repeat(relaytest.TwelveWords+" ", 3), output: relaytest.FakeFormat, rivals: 1,
			pace: func(p *routing.Pace) { p.StallTimeout = time.Minute },
		}.attempt(t)
		ordered(a)
		for range 160 {
			a.Audio(relaytest.FakeFrame('a'))
			held, hand := audio.Duration(a.held.Samples(), relaytest.FakeRate), a.out.lane.InHand(time.Now())
			if held > maxHeld || held > 0 && hand < a.leastInHandLocked() {
				t.Fatalf("%v held, with %v in hand", held, hand)
			}
		}
		if a.held.IsEmpty() {
			t.Fatal("nothing is held")
		}
		for silent := time.Now(); time.Since(silent) < 10*time.Second; {
			time.Sleep(a.heldUntilOrStall(t))
			if hand := a.out.lane.InHand(time.Now()); !a.held.IsEmpty() && hand == 0 {
				t.Fatal("the client has run dry, and audio is held back")
			}
			a.next(t.Context(), time.Now())
		}
		if !a.held.IsEmpty() {
			t.Errorf("%d samples are held still", a.held.Samples())
		}
	})
}

// heldUntilOrStall is how long the failover loop would wait before it looks after what is held.
func (a *attempt) heldUntilOrStall(t *testing.T) time.Duration {
	t.Helper()
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if until := a.heldUntilLocked(time.Now()); !until.IsZero() {
		return time.Until(until)
	}
	return time.Millisecond
}

// backupNeeded is when a backup of an attempt must be opened that takes so long to its first audio.
func backupNeeded(a *attempt, now time.Time, takes time.Duration) time.Time {
	h := hedge{attempts: attemptsOf(a)}
	return h.due(a, now, takes+backupMargin)
}

// When a backup is due, by what the client has in hand and by what is usual of the vendor.
func TestBackupDue(t *testing.T) {
	const takes = 100 * time.Millisecond
	tests := map[string]struct {
		frames int           // of 50 ms, at once
		usual  time.Duration // that the vendor takes to send them
		hedge  time.Duration
		want   time.Duration // from the last frame on; 0: never
	}{
		"before audio":            {0, 0, 700 * time.Millisecond, 700 * time.Millisecond},
		"before audio, no hedge":  {0, 0, 0, 0},
		"little in hand":          {2, 0, 700 * time.Millisecond, leastSilence},
		"much in hand":            {20, 0, 700 * time.Millisecond, time.Second - takes - backupMargin},
		"much in hand, no hedge":  {20, 0, 0, time.Second - takes - backupMargin},
		"slow vendor":             {2, 200 * time.Millisecond, 0, 600 * time.Millisecond},
		"slow vendor, much there": {20, 200 * time.Millisecond, 0, time.Second - takes - backupMargin},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := stage{
					vendor: relaytest.NewFake(), text: relaytest.TwelveWords, output: relaytest.FakeFormat, rivals: 1,
					pace: func(p *routing.Pace) { p.HedgeAfter, p.Cushion = test.hedge, 0 },
				}.attempt(t)
				if !backupNeeded(a, time.Now(), takes).IsZero() {
					t.Error("due though nothing is owed")
				}
				ordered(a)
				if test.usual > 0 {
					a.Audio(relaytest.FakeFrame('a'))
					time.Sleep(test.usual)
				}
				if f := relaytest.FakeFrame('a'); test.frames > 0 {
					f.Raw = bytes.Repeat(f.Raw, test.frames)
					a.Audio(f)
				}
				got := time.Duration(0)
				if due := backupNeeded(a, time.Now(), takes); !due.IsZero() {
					got = time.Until(due)
				}
				if got != test.want {
					t.Errorf("due in %v, want %v", got, test.want)
				}
			})
		})
	}
}
