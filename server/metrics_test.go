package server

import (
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"voicerelay/relay"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// series are a family's, by the values of their labels.
func series(t *testing.T, r *rig, name string) map[string]*dto.Metric {
	t.Helper()
	families, err := r.srv.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]*dto.Metric)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			key := ""
			for _, l := range m.GetLabel() { // in the order of their names
				key += l.GetValue() + " "
			}
			found[key] = m
		}
	}
	return found
}

// All counters exist before anything is counted: for the providers of the configuration, also after a reload.
func TestCountersBeginAtNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": relaytest.NewFake(), "beta": relaytest.NewFake()})
		wants := map[string][]string{ // values of labels by the order of their names
			"relay_generations_total":           {"completed ", "cancelled ", "failed "},
			"relay_attempts_total":              {" completed alpha ", "dropped failed beta ", "no_audio failed alpha ", " hedged beta "},
			"relay_reroutes_total":              {"alpha stalled beta ", "beta dropped alpha "},
			"relay_first_audio_seconds":         {"alpha ", "beta "},
			"relay_caller_first_audio_seconds":  {"default ", "(raw) "},
			"relay_generations_failed_total":    {"no_provider_available ", "upstream_failed "},
			"relay_hedges_total":                {"opened ", "won "},
			"relay_audio_seconds_total":         {"alpha local ", "beta local "},
			"relay_characters_total":            {"alpha local "},
			"relay_attempt_first_audio_seconds": {"alpha ", "beta "},
		}
		check := func() {
			t.Helper()
			for name, keys := range wants {
				got := series(t, r, name)
				for _, key := range keys {
					if m := got[key]; m == nil || m.GetCounter().GetValue() != 0 || m.GetHistogram().GetSampleCount() != 0 {
						t.Errorf("%s{%s} is %v, want 0", name, key, m)
					}
				}
			}
			if n := len(series(t, r, "relay_reroutes_total")); n != 2*len(relay.Expected(r.setup().Setup).RerouteReasons) {
				t.Errorf("%d reroutes can be counted, want %d", n, 2*len(relay.Expected(r.setup().Setup).RerouteReasons))
			}
		}
		check()
		parts := fakeParts(t, routing.DefaultPace(), []string{"gamma"}, fakes{"gamma": relaytest.NewFake()})
		if _, err := r.srv.Reload(withDefaults(Config{}), parts); err != nil {
			t.Fatal(err)
		}
		wants["relay_attempts_total"] = append(wants["relay_attempts_total"], " completed gamma ")
		wants["relay_first_audio_seconds"] = append(wants["relay_first_audio_seconds"], "gamma ")
		check()
	})
}

// The time that a caller waited is counted from its generate, also if targets failed before; an attempt's own time is another metric.
func TestFirstAudioIsCountedFromGenerate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alpha, beta, pace := relaytest.NewFake(), relaytest.NewFake(), routing.DefaultPace()
		alpha.Silent, beta.First = true, 200*time.Millisecond
		pace.FirstAudioTimeout, pace.HedgeAfter = 500*time.Millisecond, 0
		r := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": alpha, "beta": beta})
		c := r.dial("")
		c.send(generate("g1", "Hello there.", ""))
		c.until("done")
		for name, want := range map[string]float64{"relay_first_audio_seconds": 0.7, "relay_attempt_first_audio_seconds": 0.2} {
			got := series(t, r, name)
			if h := got["beta "].GetHistogram(); h.GetSampleCount() != 1 || h.GetSampleSum() < want-0.01 || h.GetSampleSum() > want+0.01 {
				t.Errorf("%s: %d of %.3f s, want one of %.1f s", name, h.GetSampleCount(), h.GetSampleSum(), want)
			}
			if n := got["alpha "].GetHistogram().GetSampleCount(); n != 0 {
				t.Errorf("%s: %d of a provider that was never heard", name, n)
			}
		}
	})
}

// A change of voice in mid-speech is no first audio of its generation.
func TestATakeoverIsNoFirstAudio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": failing(), "beta": relaytest.NewFake()})
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("done")
		if n := series(t, r, "relay_first_audio_seconds")["beta "].GetHistogram().GetSampleCount(); n != 0 {
			t.Errorf("%d first audios by the second voice", n)
		}
		if n := series(t, r, "relay_attempt_first_audio_seconds")["beta "].GetHistogram().GetSampleCount(); n != 1 {
			t.Errorf("%d attempts of the second voice were heard, want 1", n)
		}
	})
}
