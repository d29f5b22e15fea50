package tests

import (
	"encoding/json"
	"fmt"
	"testing"

	"voicerelay/upstream/emulator"
)

func isConfigured(m message) bool { return m.kind == "configured" }

// configure changes this connection's defaults and gives back all that are now in force.
func (c *client) configure(settings j) defaults {
	c.t.Helper()
	mark := c.mark()
	settings["type"] = "configure"
	c.send(settings)
	return c.awaitFrom(mark, "configured", isConfigured).Defaults
}

func (d defaults) String() string {
	b, _ := json.Marshal(d) // plain data
	return string(b)
}

func TestConfigureSetsThisConnectionsDefaults(t *testing.T) {
	t.Parallel()
	a, b := emulate(t, emulator.Options{}), emulate(t, emulator.Options{})
	r := serve(t, speaksBy([]string{"a", "b"}, map[string]*vendor{"a": a, "b": b}))
	c, other := r.dial(t), r.dial(t)
	d := c.configure(j{})
	same(t, "default route", d.Route, "default")
	same(t, "default speed", d.Speed, 1)
	same(t, "default output", d.Output, format{"pcm_s16le", 24000})
	same(t, "default word_timestamps", d.WordTimestamps, false)
	same(t, "default normalize", d.Normalize, true)
	d = c.configure(j{
		"voice": "narrator", "route": "b", "language": "de", "speed": 1.1, "output": j{"encoding": "mulaw", "sample_rate": 8000},
		"word_timestamps": true, "normalize": false, "metadata": j{"call": "17"},
		"provider_options": j{"b": j{"cfg_scale": 2.0}},
	})
	if d.Voice == nil || *d.Voice != "narrator" || d.Route != "b" || d.Language == nil || *d.Language != "de" || d.Speed != 1.1 ||
		d.Output != (format{"mulaw", 8000}) || !d.WordTimestamps || d.Normalize || d.Metadata["call"] != "17" || len(d.ProviderOptions) != 1 {
		t.Errorf("configured %v", d)
	}
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	if m := c.started("g"); m.Provider != "b" || m.Output != (format{"mulaw", 8000}) {
		t.Errorf("started %s", m)
	}
	c.completed("g")
	c.speaks("g", twelve)
	if n := len(c.words("g")); n != 12 {
		t.Errorf("%d words announced, want 12", n)
	}
	// A generation's own settings win, and what was not configured is untouched elsewhere.
	c.send(j{"type": "generate", "generation_id": "h", "text": twelve, "route": "a", "output": j{"encoding": "pcm_s16le"}, "word_timestamps": false})
	if m := c.started("h"); m.Provider != "a" || m.Output != (format{"pcm_s16le", 24000}) {
		t.Errorf("started %s", m)
	}
	c.completed("h")
	other.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	if m := other.started("g"); m.Provider != "a" || m.Output != (format{"pcm_s16le", 24000}) {
		t.Errorf("on another connection: started %s", m)
	}
	other.completed("g")
}

// A second configure leaves alone what it doesn't name; null takes a setting back.
func TestConfigureIsPartialAndNullTakesBack(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.configure(j{"speed": 0.9, "output": j{"encoding": "pcm_f32le", "sample_rate": 48000}})
	d := c.configure(j{"word_timestamps": true})
	same(t, "speed after a second configure", d.Speed, 0.9)
	same(t, "output after a second configure", d.Output, format{"pcm_f32le", 48000})
	same(t, "word_timestamps after a second configure", d.WordTimestamps, true)
	d = c.configure(j{"speed": nil, "output": nil})
	same(t, "speed after null", d.Speed, 1)
	same(t, "output after null", d.Output, format{"pcm_s16le", 24000})
	same(t, "word_timestamps after nulls elsewhere", d.WordTimestamps, true)
	all := j{}
	for _, name := range []string{
		"voice", "route", "language", "speed", "output", "word_timestamps", "normalize", "provider_options", "metadata",
	} {
		all[name] = nil
	}
	if got, want := c.configure(all).String(), serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t).configure(j{}).String(); got != want {
		t.Errorf("all taken back: %s, want %s", got, want)
	}
}

// A configure that is refused changes nothing.
func TestARefusedConfigureChangesNothing(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for _, tt := range []struct {
		settings    j
		code, param string
	}{
		{j{"speed": 0.9, "voice": "nobody"}, "unknown_voice", "voice"},
		{j{"speed": 0.9, "route": "nowhere"}, "unknown_route", "route"},
		{j{"speed": 0.9, "provider_options": j{"stranger": j{}}}, "invalid_request", "provider_options.stranger"},
		{j{"speed": 0.9, "provider_options": j{"kugelaudio": j{"cfg_scale": "x"}}}, "invalid_request", "provider_options.kugelaudio.cfg_scale"},
	} {
		tt.settings["type"] = "configure"
		if m := c.message(tt.settings, tt.code); m.Param != tt.param || m.Command != "configure" {
			t.Errorf("%v: refused as %s", tt.settings, m)
		}
	}
	if d := c.configure(j{}); d.Speed != 1 {
		t.Errorf("a refused configure left %v", d)
	}
}

// What runs keeps the settings it was begun with.
func TestConfigureLeavesRunningGenerationsAlone(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "", "final": false})
	c.accepted("g")
	c.configure(j{"output": j{"encoding": "alaw"}})
	c.send(j{"type": "append", "generation_id": "g", "text": twelve, "final": true})
	c.completed("g") // the checker holds the format against that of its beginning
	c.speaks("g", twelve)
}

func TestProviderOptions(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for i, options := range []j{
		{"kugelaudio": j{"cfg_scale": 2.0}}, {"kugelaudio": j{"temperature": 0.4}}, {"kugelaudio": j{}}, {},
	} {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog.", "provider_options": options})
		c.completed(id)
	}
	for _, tt := range []struct {
		options j
		param   string
	}{
		{j{"stranger": j{}}, "provider_options.stranger"},
		{j{"kugelaudio": j{"cfg_scale": "two"}}, "provider_options.kugelaudio.cfg_scale"},
		{j{"kugelaudio": j{"temperature": 1.5}}, "provider_options.kugelaudio.temperature"},
		{j{"kugelaudio": j{"unheard_of": 1}}, "provider_options.kugelaudio.unheard_of"},
	} {
		m := c.message(j{"type": "generate", "generation_id": "bad", "text": "hi", "provider_options": tt.options}, "invalid_request")
		if m.Param != tt.param {
			t.Errorf("%v: param %q, want %q", tt.options, m.Param, tt.param)
		}
	}
}
