package relay

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/metrics"
	"voicerelay/relay/position"
	"voicerelay/relay/providers"
	"voicerelay/relay/relaytest"
	"voicerelay/relay/trace"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// speaking is an attempt in the middle of its work, without a vendor and without a client.
func speaking(t testing.TB, output audio.Format, binary bool) *attempt {
	t.Helper()
	return stage{vendor: relaytest.NewFake(), text: "Hello there.", output: output, raw: binary}.attempt(t)
}

// speakingTo is one whose vendor has such capabilities, and that another could take over from.
func speakingTo(t testing.TB, caps upstream.Capabilities, text string) *attempt {
	t.Helper()
	return stage{vendor: &relaytest.FakeProvider{Caps: caps}, text: text, output: relaytest.FakeFormat, rivals: 1}.attempt(t)
}

// noWriter is the writer of an outbox that a test empties.
type noWriter struct{}

func (noWriter) Wake()             {}
func (noWriter) WriteDirect() bool { return false }

// stage is what an attempt works in.
type stage struct {
	vendor *relaytest.FakeProvider
	text   string
	output audio.Format
	raw    bool                // the client takes bytes, not base64
	rivals int                 // other targets
	speed  float64             // 0: as usual
	pace   func(*routing.Pace) // changes the route's; nil: not at all
	awake  *awake.Clock
	waits  bool // another generation of its context goes first
	tracer trace.Tracer
}

// attempt is the first of a generation's.
func (st stage) attempt(t testing.TB) *attempt {
	t.Helper()
	g := st.generation(t)
	return g.attempts.begin(g.req.plan.Candidates[0], betaMay())
}

// attemptsOf are all of the generation whose attempt that is.
func attemptsOf(a *attempt) *attempts { return a.owner.(*attempts) }

func (st stage) generation(t testing.TB) *Generation {
	t.Helper()
	prices, err := billing.NewPriceList(nil)
	if err != nil {
		t.Fatal(err)
	}
	measured := metrics.New(prometheus.NewRegistry())
	engine := NewEngine(EngineParts{Store: limits.NewMemory(), Awake: st.awake, Metrics: measured, Tracer: st.tracer, Log: zerolog.Nop()})
	set := engine.NewSetup(providers.Config{
		Prices: prices, Circuit: routing.DefaultCircuit(),
		Providers: []*providers.Provider{{Provider: st.vendor, Name: "alpha"}, {Provider: relaytest.NewFake(), Name: "beta"}},
	})
	key := &access.Key{Limits: limits.Default()}
	client := engine.NewClient(key)
	client.Out, client.Listener = delivery.NewOutbox(noWriter{}, nil), nobody{} // the test is its client
	encoder := testEncoder{Base64}
	if st.raw {
		encoder.form = Raw
	}
	plan := &routing.Plan{Voice: "narrator", Candidates: []routing.Candidate{{Target: routing.Target{Provider: "alpha"}}}, Pace: routing.DefaultPace()}
	if st.pace != nil {
		st.pace(&plan.Pace)
	}
	for range st.rivals {
		plan.Candidates = append(plan.Candidates, plan.Candidates[0])
	}
	var turn *delivery.Turn
	if st.waits {
		turn = new(delivery.Turn)
		client.Out.NewLane(turn, st.output.Rate, func() {})
	}
	g := newGeneration(&client, Prepared{
		Terms:   Terms{set, key},
		encoder: encoder, id: "g1", text: st.text, final: true, speed: cmp.Or(st.speed, 1), plan: plan, output: st.output,
	}, turn, time.Now())
	g.out.cancel = func(error) {}
	if !st.waits {
		g.out.lane.Release()
	}
	g.out.grant, err = limits.NewMemory().Admit(t.Context(), limits.Admission{Tenant: "local", RecordID: g.recordID, Limits: limits.Tenant{}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// drain takes what waits for the client and returns the messages' bodies.
func drain(o *delivery.Outbox) [][]byte {
	var bodies [][]byte
	for {
		batch := o.Take(nil, 64<<10)
		if len(batch) == 0 {
			return bodies
		}
		for _, m := range batch {
			bodies = append(bodies, bytes.Clone(m.Body()))
			m.Release()
		}
	}
}

// frame200 is 200 ms of 24 kHz PCM, as vendors send it.
func frame200() upstream.Frame {
	raw := make([]byte, 9600)
	for i := range raw {
		raw[i] = byte(i * 7)
	}
	return upstream.Frame{
		Format: audio.Format{Encoding: audio.PCM16, Rate: 24000},
		Base64: []byte(base64.StdEncoding.EncodeToString(raw)),
	}
}

func TestFramePathDoesNotAllocate(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	tests := map[string]struct {
		output audio.Format
		binary bool
		rivals int
		vendor *relaytest.FakeProvider
	}{
		"passed on":                  {relaytest.FakeFormat, false, 0, relaytest.NewFake()},
		"binary":                     {relaytest.FakeFormat, true, 0, relaytest.NewFake()},
		"converted":                  {audio.Format{Encoding: audio.MuLaw, Rate: 8000}, false, 0, relaytest.NewFake()},
		"converted, binary":          {audio.Format{Encoding: audio.PCMF32, Rate: 16000}, true, 0, relaytest.NewFake()},
		"held back":                  {relaytest.FakeFormat, false, 1, relaytest.NewFake()},
		"held back, binary":          {relaytest.FakeFormat, true, 1, relaytest.NewFake()},
		"held back, converted":       {audio.Format{Encoding: audio.MuLaw, Rate: 8000}, false, 1, relaytest.NewFake()},
		"listened to":                {relaytest.FakeFormat, false, 1, relaytest.Deaf(upstream.PieceEndsNone)},
		"listened to, and converted": {audio.Format{Encoding: audio.MuLaw, Rate: 8000}, false, 2, relaytest.Deaf(upstream.PieceEndsNone)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.vendor.Caps.MinSpeed = 0.01 // so slow that the text takes more than all the frames below
			a := stage{
				vendor: test.vendor, text: strings.Repeat("And so on. ", 100), output: test.output, raw: test.binary, rivals: test.rivals, speed: 0.01,
			}.attempt(t)
			ordered(a)
			f := frame200()
			out := a.out.outbox
			var batch []*delivery.Message
			step := func() {
				a.Audio(f)
				batch = out.Take(batch[:0], 64<<10)
				for _, m := range batch {
					m.Release()
				}
			}
			for range 40 { // buffers reach their size, and what is held back its bound
				step()
			}
			if held := !a.held.IsEmpty(); held != (test.rivals > 0) {
				t.Fatalf("held back: got %v", held)
			}
			if got := testing.AllocsPerRun(200, step); got >= 1 {
				t.Errorf("allocations a frame: got %v, want 0", got)
			}
			if a.outcome.Over() {
				t.Errorf("the attempt ended meanwhile: %v", a.outcome.Err)
			}
		})
	}
}

// TestAudioIsTheSameInAnyFrames: however a vendor cuts its audio, the client gets the same samples.
func TestAudioIsTheSameInAnyFrames(t *testing.T) {
	formats := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.WAV, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCMF32, Rate: 44100},
	}
	rapid.Check(t, func(rt *rapid.T) {
		output := rapid.SampledFrom(formats).Draw(rt, "output")
		raw := rapid.SliceOfN(rapid.Byte(), 2, 4000).Draw(rt, "audio")
		raw = raw[:len(raw)/2*2]
		whole := received(t, output, [][]byte{raw})
		var cuts [][]byte
		for rest := raw; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 700).Draw(rt, "frame"))
			cuts = append(cuts, rest[:n])
			rest = rest[n:]
		}
		if got := received(t, output, cuts); !bytes.Equal(got, whole) {
			rt.Fatalf("%d frames gave %d bytes, one frame %d, or others", len(cuts), len(got), len(whole))
		}
	})
}

// received is the audio that a client gets of a vendor's frames; it checks seq, start_ms and samples.
func received(t *testing.T, output audio.Format, frames [][]byte) []byte {
	a := stage{vendor: relaytest.NewFake(), output: output}.attempt(t)
	ordered(a) // nothing to speak: no audio is too little for that
	for _, f := range frames {
		a.Audio(upstream.Frame{
			Format: audio.Format{Encoding: audio.PCM16, Rate: 24000},
			Base64: []byte(base64.StdEncoding.EncodeToString(f)),
		})
	}
	a.End(upstream.Usage{}, nil)
	var all []byte
	samples, seq := int64(0), 0
	for _, body := range drain(a.out.outbox) {
		var m struct {
			Type    string
			Seq     int
			StartMS int64 `json:"start_ms"`
			Samples int64
			Audio   []byte
		}
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		if m.Type != "audio" {
			continue
		}
		if m.Seq != seq || m.StartMS != audio.Milliseconds(samples, output.Rate) {
			t.Fatalf("message: got seq %d at %d ms, want %d after %d samples", m.Seq, m.StartMS, seq, samples)
		}
		body := m.Audio
		if seq == 0 && output.Encoding == audio.WAV {
			body = body[44:]
		}
		if int64(len(body)) != m.Samples*int64(output.BytesPerSample()) {
			t.Fatalf("message of %d samples has %d bytes", m.Samples, len(body))
		}
		all = append(all, body...)
		samples += m.Samples
		seq++
	}
	return all
}

func TestGarbageEndsTheAttempt(t *testing.T) {
	for name, garbage := range map[string]string{"no base64": "!!!!", "cut short": "AAA", "quotes": `AA"A`} {
		t.Run(name, func(t *testing.T) {
			a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: 24000}, false)
			a.Audio(upstream.Frame{Format: audio.Format{Encoding: audio.PCM16, Rate: 24000}, Base64: []byte(garbage)})
			if got := upstream.KindOf(a.outcome.Err); !a.outcome.Over() || got != upstream.Garbled {
				t.Errorf("got %v, want garbled", a.outcome.Err)
			}
			if bodies := drain(a.out.outbox); len(bodies) != 0 {
				t.Errorf("the client got %d messages", len(bodies))
			}
		})
	}
}

// TestFloodsEndTheAttempt: what a vendor says besides speech is bounded (package speech has the bounds).
func TestFloodsEndTheAttempt(t *testing.T) {
	for name, flood := range map[string]func(*attempt){
		"words": func(a *attempt) { a.Words([]upstream.Word{{Text: "there", Score: -1}}) },
		"single samples": func(a *attempt) {
			a.Audio(upstream.Frame{Format: relaytest.FakeFormat, Raw: []byte{1, 0}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := speaking(t, relaytest.FakeFormat, false)
			ordered(a)
			for range 10_000 {
				flood(a)
				drain(a.out.outbox)
			}
			if upstream.KindOf(a.outcome.Err) != upstream.Garbled {
				t.Errorf("got %v, want garbled", a.outcome.Err)
			}
		})
	}
}

func TestNothingIsTakenOnceStopped(t *testing.T) {
	a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: 24000}, false)
	a.Audio(frame200())
	a.out.stop(CauseCancelled)
	a.Audio(frame200())
	a.Words([]upstream.Word{{Text: "Hello"}})
	a.End(upstream.Usage{Charge: upstream.Charge{Decimal: "1", Currency: "EUR"}}, context.Canceled)
	if bodies := drain(a.out.outbox); len(bodies) != 0 {
		t.Errorf("the client got %d messages", len(bodies))
	}
	if !a.outcome.Usage.Charge.Known() {
		t.Error("what the vendor charged was dropped with its audio")
	}
}

func TestReached(t *testing.T) {
	at := func(ms int64) int64 { return ms * 24 }
	piece := func(s string, start int) text.Piece {
		var b text.Buffer
		b.Append(s)
		b.Finish()
		p, _ := text.NewCutter(&b, 0, text.Schedule{Gather: []int{1000}, Max: 1000}, true).Next(text.Now{Idle: true})
		p.Start += start
		p.End += start
		return p
	}
	words := position.Track{Rate: 24000, Samples: at(1000)}
	words.AddPiece(piece("one two three", 0))
	words.AddWords([]text.Timed{
		{Token: text.Token{Text: "one", Start: 0, End: 3}, Start: 0, End: at(300)},
		{Token: text.Token{Text: "two", Start: 4, End: 7}, Start: at(320), End: at(600)},
		{Token: text.Token{Text: "three", Start: 8, End: 13}, Start: at(620), End: at(990)},
	})
	ended := position.Track{Rate: 24000, Samples: at(1000)}
	ended.AddPiece(piece("one two three", 0))
	ended.EndPiece(0, at(1000))
	open := position.Track{Rate: 24000, Samples: at(1000)}
	open.AddPiece(piece("one two three four five six", 0))
	tests := []struct {
		name  string
		track position.Track
		ms    int64
		char  int
		from  string
	}{
		{"before the first word", words, 0, 0, position.SourceWords},
		{"within a word", words, 599, 3, position.SourceWords},
		{"at a word's end", words, 600, 7, position.SourceWords},
		{"at the last word's end", words, 990, 13, position.SourceWords},
		{"at a piece's end", ended, 1000, 13, position.SourceSegment},
		{"within a piece", ended, 500, 3, position.SourceEstimate},
		{"nothing known", open, 600, 7, position.SourceEstimate},
		{"nothing sent", open, 0, 0, position.SourceEstimate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.track.Reached(at(test.ms))
			if got.Char != test.char || got.Source != test.from {
				t.Errorf("at %d ms: got %d by %s, want %d by %s", test.ms, got.Char, got.Source, test.char, test.from)
			}
		})
	}
}
