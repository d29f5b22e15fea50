package relay

import (
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// telling is an attempt with audio sent, all of whose words end in it, and those words as a vendor tells them.
func telling(tb testing.TB) (*attempt, []upstream.Word) {
	tb.Helper()
	a := stage{vendor: relaytest.NewFake(), text: strings.Repeat("And so on, they said. ", 100), output: relaytest.FakeFormat}.attempt(tb)
	a.out.req.wordTimestamps = true
	var words []upstream.Word
	for i, p := range ordered(a) {
		for _, t := range relaytest.PieceOf(p.Text, 0).Tokens() {
			at := time.Duration(len(words)) * 200 * time.Millisecond // as long as a frame
			words = append(words, upstream.Word{Text: t.Text, Piece: i, Start: at, End: at + 100*time.Millisecond, Score: -1})
			a.Audio(frame200())
		}
	}
	drain(a.out.outbox)
	return a, words
}

// tell gives the vendor's next word in and takes what the client gets of it, and returns how many messages that were.
func tell(a *attempt, word []upstream.Word) int {
	a.Words(word)
	batch := a.out.outbox.Take(nil, 64<<10)
	for _, m := range batch {
		m.Release()
	}
	return len(batch)
}

// A word is mapped to the client's text and told to the client. What its message costs is the encoder's.
func TestAWordAllocatesLittle(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	a, words := telling(t)
	next, told := 0, 0
	got := testing.AllocsPerRun(len(words)-1, func() {
		told += tell(a, words[next:next+1])
		next++
	})
	if got > 6 {
		t.Errorf("got %v allocations a word, want at most 6", got)
	}
	if told != next {
		t.Errorf("%d of %d words were told", told, next)
	}
}

func BenchmarkWord(b *testing.B) {
	var a *attempt
	var words []upstream.Word
	b.ReportAllocs()
	for b.Loop() {
		if len(words) == 0 {
			b.StopTimer()
			a, words = telling(b)
			b.StartTimer()
		}
		tell(a, words[:1])
		words = words[1:]
	}
}

// admitting is a generation that others are admitted like.
func admitting(tb testing.TB) *Generation {
	tb.Helper()
	g := stage{vendor: relaytest.NewFake(), text: "Hello there.", output: relaytest.FakeFormat}.generation(tb)
	g.engine.store = limits.NewMemory()
	return g
}

// admitted makes a generation as its generate does, and takes and gives back what it needs of its tenant.
func admitted(tb testing.TB, like *Generation) {
	g := newGeneration(like.client, like.req, nil, time.Now())
	grant, err := g.admit(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	g.settleAdmission(tb.Context(), grant)
}

func TestAdmissionAllocatesLittle(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	like := admitting(t)
	if got := testing.AllocsPerRun(100, func() { admitted(t, like) }); got > 19 {
		t.Errorf("got %v allocations, want at most 19", got)
	}
}

func BenchmarkAdmission(b *testing.B) {
	like := admitting(b)
	b.ReportAllocs()
	for b.Loop() {
		admitted(b, like)
	}
}

// spokenOut is a generation whose attempt has spoken all, and whose end is to be settled.
func spokenOut(tb testing.TB) *Generation {
	tb.Helper()
	g := stage{vendor: relaytest.NewFake(), text: "Hello there.", output: relaytest.FakeFormat}.generation(tb)
	a := g.attempts.begin(g.req.plan.Candidates[0], betaMay())
	ordered(a)
	for range 5 {
		a.Audio(frame200())
	}
	a.End(upstream.Usage{Charge: upstream.Charge{Decimal: "0.18", Scale: -2, Currency: "EUR"}}, nil)
	if drain(a.out.outbox); !a.outcome.Over() || a.outcome.Err != nil {
		tb.Fatalf("the attempt has not ended well: %v", a.outcome.Err)
	}
	return g
}

// settled prices the generation, records it and takes its done: all that follows its last audio, but for the disk.
func settled(tb testing.TB, g *Generation) {
	g.done, g.out.phase = Result{}, phaseRunning
	g.conclude(ending{reason: Completed})
	g.closeRecord(tb.Context())
	g.Finish()
	for _, m := range g.client.Out.Take(nil, 64<<10) {
		m.Release()
	}
}

func TestSettlementAllocatesLittle(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	g := spokenOut(t)
	if got := testing.AllocsPerRun(100, func() { settled(t, g) }); got > 20 { // two of them are the cost as the log has it
		t.Errorf("got %v allocations, want at most 20", got)
	}
	if want := audio.Milliseconds(g.out.lane.Taken(), relaytest.FakeRate); g.done.Usage.Audio.Milliseconds() != want || want == 0 || len(g.done.Usage.Cost) != 1 {
		t.Errorf("settled %+v, want %d ms and what they cost", g.done.Usage, want)
	}
}

func BenchmarkSettlement(b *testing.B) {
	g := spokenOut(b)
	b.ReportAllocs()
	for b.Loop() {
		settled(b, g)
	}
}
