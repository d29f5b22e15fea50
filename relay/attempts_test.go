package relay

import (
	"context"
	"errors"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/relay/outcome"
	"voicerelay/relay/relaytest"
	"voicerelay/relay/sound"
	"voicerelay/upstream"
)

// racing is two attempts at once, of which the first is active and owes the end of its only piece.
func racing(t *testing.T) (first, second *attempt) {
	t.Helper()
	first = speaking(t, audio.Format{Encoding: audio.PCM16, Rate: relaytest.FakeRate}, false)
	ordered(first)
	for range "Hello there." {
		first.Audio(relaytest.FakeFrame('a'))
	}
	attemptsOf(first).prepareBackup()
	second = attemptsOf(first).begin(first.target, betaMay())
	ordered(second)
	return first, second
}

// ordered orders all of the text, as far as there is room, and returns its pieces.
func ordered(a *attempt) (pieces []upstream.Piece) {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	for p, ok := a.speech.Next(time.Now()); ok; p, ok = a.speech.Next(time.Now()) {
		a.speech.Give()
		a.speech.Sent()
		pieces = append(pieces, p)
	}
	return pieces
}

// The vendor's end comes a moment before the backup's first audio, and before the generation could look at it.
func TestCompletedAttemptIsNotReplaced(t *testing.T) {
	first, second := racing(t)
	before := first.out.track.Samples
	first.End(upstream.Usage{}, nil)
	second.Audio(relaytest.FakeFrame('b'))
	if first.outcome.Err != nil || first.nameLocked() != outcome.Completed {
		t.Errorf("first: got %v, want completed", first.outcome.Err)
	}
	if !errors.Is(second.outcome.Err, outcome.ErrLostHedge) || first.out.track.Samples != before {
		t.Errorf("second: got %v after %d samples, want outpaced", second.outcome.Err, first.out.track.Samples-before)
	}
}

func TestPieceEndCancelsTheBackup(t *testing.T) {
	first, second := racing(t)
	first.PieceEnd(0)
	second.Audio(relaytest.FakeFrame('b'))
	if first.outcome.Over() || !errors.Is(second.outcome.Err, outcome.ErrLostHedge) {
		t.Errorf("got %v and %v, want the second outpaced", first.outcome.Err, second.outcome.Err)
	}
}

// What the backup goes on from must stay what was sent, also where times come that cover more.
func TestHeldAudioStaysHeldWhileABackupRuns(t *testing.T) {
	first, second := racing(t)
	first.held.Push(sound.Payload{Raw: relaytest.FakeFrame('a').Raw, Samples: relaytest.SamplesPerChar, At: time.Now()})
	before := first.out.track.Samples
	first.Words(relaytest.FakeWords(upstream.Piece{Text: "Hello there."}, 2*relaytest.CharLength))
	if got := first.out.track.Samples; got != before {
		t.Errorf("sent %d samples more during the race", got-before)
	}
	_ = second.lose(outcome.ErrBroken)
	first.Words(nil)
	if first.out.track.Samples == before {
		t.Error("nothing was sent after the race")
	}
}

// The text of a cancelled generation that no vendor has been sent is not counted.
func TestCancelBetweenPiecesOrdersNoMore(t *testing.T) {
	a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: relaytest.FakeRate}, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := a.next(ctx, time.Now()); !got.ended || got.ordered {
		t.Errorf("next: got %+v, want the end", got)
	}
	if used := a.usedLocked(); used.Requests != 0 {
		t.Errorf("requests: got %d, want 0", used.Requests)
	}
}

// What the vendor says that it counted is kept beside what we did.
func TestVendorsOwnCountIsKept(t *testing.T) {
	a := stage{vendor: relaytest.NewFake(), text: relaytest.TwelveWords, output: relaytest.FakeFormat}.attempt(t)
	ordered(a)
	a.End(upstream.Usage{Metered: upstream.Metered{Characters: 7, InputTokens: 3, OutputTokens: 90}}, nil)
	want := billing.Measure(relaytest.TwelveWords)
	want.Metered = billing.Metered{Characters: 7, InputTokens: 3, OutputTokens: 90}
	if got := a.usedLocked(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Nor is a piece counted that the adapter kept back until the vendor was through with another.
func TestWithheldPieceIsNotCharged(t *testing.T) {
	const first, second = relaytest.TwelveWords, "Dreizehn, vierzehn, fünfzehn, sechzehn und siebzehn."
	used := func(requests int64, text string, bytes int) billing.Usage {
		n := int64(len(text))
		return billing.Usage{Requests: requests, Characters: n, UTF16Units: n, Bytes: n + int64(bytes)}
	}
	whole := used(2, first+second, 1) // ü has two bytes
	for withheld, want := range map[int]billing.Usage{
		0: whole,
		1: used(1, first, 0),
		2: {},
		3: {}, // more than there are
	} {
		a := stage{vendor: relaytest.NewFake(), text: first + " " + second, output: relaytest.FakeFormat}.attempt(t)
		ordered(a)
		a.End(upstream.Usage{Withheld: withheld}, outcome.ErrBroken)
		if got := a.usedLocked(); got != want {
			t.Errorf("%d withheld: got %+v, want %+v", withheld, got, want)
		}
	}
}
