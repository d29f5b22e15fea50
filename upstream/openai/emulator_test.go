package openai

import (
	"strings"
	"testing"

	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

// bySeed is another way to ask for each seed. Events are asked only of a server that does not refuse to hear of them.
func bySeed(seed uint64, server *emulator.Server) Config {
	cfg := defaults()
	cfg.Prefetch = int(seed % 2)
	if seed%4 > 1 {
		cfg.Format = formatWAV
	}
	if seed%8 > 3 && !strings.Contains(server.Quirks(), "streamFormat:refused") {
		cfg.StreamFormat = streamSSE
	}
	return cfg
}

var emulated = emulatortest.Subject{
	Vendor: "openai",
	Open: func(seed uint64, env upstream.Env) (upstream.Provider, error) {
		server, err := emulator.New("openai", emulator.Options{Seed: seed})
		if err != nil {
			return nil, err
		}
		defer server.Close()
		return open(bySeed(seed, server), env)
	},
	Request: testRequest,
	Key:     "sk-secret",
	Accepts: "sk-secret",
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, emulatortest.Sentences()...)
		r.WantWords(h, emulatortest.Text()) // at any rate: a WAV file has its own
		r.WantPieces(h, len(emulatortest.Sentences()))
	})
}

// A cancel in mid-speech reaches the vendor.
func TestEmulatorStops(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		r.AwaitIdle()
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("sk-wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// drawn is the first seed whose server has drawn that.
func drawn(t *testing.T, quirks ...string) uint64 {
	t.Helper()
	server, err := emulator.NewDrawn("openai", emulator.Options{}, quirks...)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	return server.Options().Seed
}

// Each fault ends a stream as what it is, as far as the server lets it be known.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":                upstream.Dropped,
		"refuse:400":                upstream.Rejected,
		"refuse:401":                upstream.AuthFailed,
		"refuse:402":                upstream.NoCredit,
		"refuse:429:3s":             upstream.Throttled,
		"refuse:503":                upstream.UpstreamError,
		"refuse:insufficient_quota": upstream.NoCredit,
		"refuse:200:OFFLINE":        upstream.UpstreamError,
		"odd_chunks":                "",
		"empty":                     upstream.NoAudio,
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: drawn(t, "cutClean:false", "buffered:false"), Fault: emulatortest.Fault(t, fault)}
			emulated.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// The vendor finds each stream by the id that is told of it, also what was stopped and what failed.
func TestEmulatorRequestIDs(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.WantRequestID(r.Say(r.Request, emulatortest.Sentences()...))
	})
	o := emulator.Options{Seed: drawn(t, "cutClean:false", "buffered:false"), Fault: emulatortest.Fault(t, "drop:200ms")}
	emulated.Run(t, o, func(r *emulatortest.Rig) {
		h := r.Try(r.Request, emulatortest.Sentences()...)
		r.WantKind(h.Err, upstream.Dropped)
		r.WantRequestID(h)
	})
}

// tts-1 is charged by the character, of which not all are a byte, whether the speech is heard to its end or not.
func TestEmulatorChargesCharacters(t *testing.T) {
	price := billing.Price{Unit: billing.Character, Amount: "0.000015"}
	texts := []string{"Zwölf Boxkämpfer jagen Viktor.", "Über den großen Sylter Deich", "– und zurück!"}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.WantBill(price, r.Say(r.Request, texts...), texts...)
	})
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.WantBillOfStopped(price, emulatortest.Text())
	})
}

// gpt-4o-mini-tts is charged by tokens, which events tell, each request rounded.
func TestEmulatorChargesTokens(t *testing.T) {
	price := billing.Price{Unit: billing.Token, Amount: "0.0000006", OutputAmount: "0.000012"}
	o := emulator.Options{Seed: drawn(t, "streamFormat:served", "onlyWAV:false")}
	events := emulated
	events.Request.Model = "gpt-4o-mini-tts"
	events.Open = func(_ uint64, env upstream.Env) (upstream.Provider, error) {
		return open(with(func(c *Config) { c.StreamFormat = streamSSE }), env)
	}
	texts := emulatortest.Sentences()
	events.Run(t, o, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, texts...)
		if h.Usage.Metered.InputTokens == 0 || h.Usage.Metered.OutputTokens == 0 {
			r.Errorf("got %+v, want tokens of both", h.Usage.Metered)
		}
		r.WantBillWithin(int64(len(texts)), price, h, texts...)
	})
}
