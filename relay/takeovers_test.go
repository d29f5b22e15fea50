package relay

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/billing"
	"voicerelay/routing"
	"voicerelay/upstream"
)

var takeoverCount = flag.Int("takeovers", 2000, "how many takeovers are played")

// brokenOff is one takeover: who spoke, and what became of the words.
type brokenOff struct {
	seed       uint64
	ends       upstream.PieceEnds
	manner     manner
	learned    int // generations that it spoke before
	source     string
	missing    int // words
	doubled    int
	resumedAt  int
	heardMS    int64
	gap        time.Duration
	text       string
	whole      int
	receivedMS int64
}

func (b brokenOff) String() string {
	return fmt.Sprintf("seed %d: ends %s, learned %d, %+v, by %s: %d missing, %d doubled of %d whole; cut at %d of %d ms, resumed at %d of %q",
		b.seed, b.ends, b.learned, b.manner, b.source, b.missing, b.doubled, b.whole, b.heardMS, b.receivedMS, b.resumedAt, b.text)
}

// takeovers is a relay with speakers, of whom each has a route of its own with a backup.
type takeovers struct {
	client   *client
	speakers []*speaker
	backup   *speaker
}

// speakerVoices is how many voices a relay of the test knows.
const speakerVoices = 130

func newTakeovers(t *testing.T) *takeovers {
	r := &takeovers{backup: newSpeaker(upstream.PieceEndsExact)}
	r.backup.pace, r.backup.chunk = 20, 2*time.Second
	r.backup.dice = rand.New(rand.NewPCG(1, 1))
	cfg := routing.Config{}
	parts := []*Provider{{Provider: r.backup, Name: "backup", Adapter: "fake"}}
	cfg.Providers = append(cfg.Providers, "backup")
	for _, ends := range []upstream.PieceEnds{upstream.PieceEndsNone, upstream.PieceEndsExact, upstream.PieceEndsCounted} {
		s := newSpeaker(ends)
		r.speakers = append(r.speakers, s)
		parts = append(parts, &Provider{Provider: s, Name: string(ends), Adapter: "fake"})
		cfg.Providers = append(cfg.Providers, string(ends))
		cfg.Routes = append(cfg.Routes, routing.Route{
			Name: string(ends), Pace: routing.DefaultPace(),
			Targets: []routing.Target{{Provider: string(ends)}, {Provider: "backup"}},
		})
	}
	cfg.Routes = append(cfg.Routes, routing.Route{Name: "default", Pace: routing.DefaultPace(), Targets: cfg.Routes[0].Targets})
	for i := range speakerVoices {
		ids := map[string]string{"backup": "backup"}
		for _, s := range r.speakers {
			ids[string(s.caps.PieceEnds)] = fmt.Sprint("v", i)
		}
		cfg.Voices = append(cfg.Voices, routing.Voice{Name: fmt.Sprint("v", i), Language: "en", IDs: ids})
	}
	r.backup.manner["backup"] = manner{lengths: byLetters, rate: 1, clause: 100 * time.Millisecond, sentence: 100 * time.Millisecond}
	table, err := routing.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	prices, err := billing.NewPriceList(nil)
	if err != nil {
		t.Fatal(err)
	}
	circuit := routing.DefaultCircuit() // which is never to open
	circuit.ConsecutiveFailures, circuit.MinRequests = 1000, 100_000
	rig := newRigOf(t, Config{}, Parts{Table: table, Providers: parts, Prices: prices, Circuit: circuit})
	synctest.Wait() // the server is listening
	r.client = rig.dial("")
	return r
}

// speak has a text spoken, and returns the reroute, if there was one, and by how much playback ran dry.
func (r *takeovers) speak(t *testing.T, id, route, voice, said string) (rerouted event, gap time.Duration) {
	for _, s := range append(slices.Clone(r.speakers), r.backup) {
		s.text = said
	}
	ask, err := json.Marshal(map[string]any{
		"type": "generate", "generation_id": id, "route": route, "voice": voice, "text": said,
		"output": map[string]any{"encoding": "pcm_s16le", "sample_rate": speakerFormat.Rate},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.client.send(string(ask))
	dry := time.Time{}
	for {
		_, data, err := r.client.conn.Read(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		head := string(data[:min(len(data), 200)])
		if strings.HasPrefix(head, `{"type":"audio"`) {
			if dry.IsZero() {
				dry = time.Now()
			}
			gap += max(0, time.Since(dry))
			dry = later(dry, time.Now()).Add(time.Duration(samplesIn(head)) * time.Second / time.Duration(speakerFormat.Rate))
			continue
		}
		e := event{}
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		switch e.kind() {
		case "rerouted":
			if rerouted != nil {
				t.Fatalf("%s was taken over twice: %v, then %v", id, rerouted, e)
			}
			rerouted = e
		case "done":
			if e["reason"] != "completed" {
				t.Fatalf("got %v", e)
			}
			return rerouted, gap
		case "error":
			t.Fatalf("got %v", e)
		}
	}
}

// samplesIn is the count of samples in an audio message.
func samplesIn(head string) (n int) {
	_, rest, _ := strings.Cut(head, `"samples":`)
	_, _ = fmt.Sscan(rest[:strings.IndexAny(rest, ",}")], &n)
	return n
}

// play plays one takeover by a voice that nobody has heard before.
func (r *takeovers) play(t *testing.T, i int, seed uint64) (b brokenOff, ok bool) {
	d := rand.New(rand.NewPCG(seed, 3))
	s := r.speakers[d.IntN(len(r.speakers))]
	b = brokenOff{seed: seed, ends: s.caps.PieceEnds, manner: drawManner(d), learned: d.IntN(4)}
	voice := fmt.Sprint("v", i)
	s.manner[voice], s.dice = b.manner, d
	s.pace, s.chunk = 2+6*d.Float64(), time.Duration(40+d.IntN(160))*time.Millisecond
	for n := range b.learned {
		s.breaks = 0
		if e, _ := r.speak(t, fmt.Sprintf("g%d.%d", i, n), string(s.caps.PieceEnds), voice, drawText(8+d.IntN(20), d)); e != nil {
			t.Fatalf("seed %d: a voice that did not break off was taken over: %v", seed, e)
		}
	}
	b.text = drawText(6+d.IntN(24), d)
	length := b.manner.say(pieceFrom(b.text, 0), 0, rand.New(rand.NewPCG(seed, 4))).length
	s.breaks, s.stalls = time.Millisecond+time.Duration(d.Float64()*float64(length)), d.IntN(3) == 0
	e, gap := r.speak(t, fmt.Sprintf("g%d", i), string(s.caps.PieceEnds), voice, b.text)
	if e == nil {
		return b, false // before any audio, or behind all of it
	}
	b.gap = gap
	b.source, b.heardMS, b.resumedAt, b.receivedMS = e["resume_source"].(string), int64(e["resume_ms"].(float64)), int(e["resume_char"].(float64)), s.breaks.Milliseconds()
	b.whole = heardBy(s.said, time.Duration(b.heardMS)*time.Millisecond)
	took := 0
	for took < len(s.said) && s.said[took].char < b.resumedAt {
		took++
	}
	b.missing, b.doubled = max(0, took-b.whole), max(0, b.whole-took)
	return b, true
}

// Voices without word times that break off anywhere, of every manner, known and unknown: no word is left out, and few
// are said again.
func TestTwoThousandTakeovers(t *testing.T) {
	all, batch := *takeoverCount, 125
	results := make([][]brokenOff, all/batch)
	t.Run("batches", func(t *testing.T) {
		for n := range results {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newTakeovers(t)
					for i := range batch {
						if b, ok := r.play(t, i, uint64(n*batch+i)); ok {
							results[n] = append(results[n], b)
						}
					}
				})
			})
		}
	})
	report(t, slices.Concat(results...))
}

func report(t *testing.T, all []brokenOff) {
	groups := map[string][]brokenOff{}
	for _, b := range all {
		known := "known"
		if b.learned == 0 {
			known = "unknown"
		}
		gaps := "run together"
		if b.manner.between > 0 {
			gaps = "apart"
		}
		for _, key := range []string{"all", known, string(b.ends) + ", " + known + ", " + gaps, "by " + b.source} {
			groups[key] = append(groups[key], b)
		}
	}
	for _, key := range sortedKeys(groups) {
		t.Log(key, ": ", tally(groups[key]))
	}
	slices.SortFunc(all, func(a, b brokenOff) int { return b.missing*100 + b.doubled - a.missing*100 - a.doubled })
	for _, b := range all[:min(25, len(all))] {
		t.Log(b)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func tally(all []brokenOff) string {
	var doubled []int
	missing, dry := 0, 0
	for _, b := range all {
		if b.missing > 0 {
			missing++
		}
		if b.gap > 0 {
			dry++
		}
		doubled = append(doubled, b.doubled)
	}
	slices.Sort(doubled)
	over := 0
	for _, d := range doubled {
		if d > 2 {
			over++
		}
	}
	return fmt.Sprintf("%d takeovers, %d with words left out, %d doubled more than 2 (%.1f%%); p50 %d p90 %d p99 %d most %d; dry %d", len(all), missing,
		over, 100*float64(over)/float64(len(all)), doubled[len(doubled)/2], doubled[len(doubled)*9/10], doubled[len(doubled)*99/100], doubled[len(doubled)-1], dry)
}
