package command

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

func TestConfigIsChecked(t *testing.T) {
	set := func(change func(*Config)) Config {
		cfg := defaults()
		change(&cfg)
		return cfg
	}
	command := func(args ...string) Config { return set(func(c *Config) { c.Command = args }) }
	for name, c := range map[string]struct {
		cfg  Config
		want string // the beginning of the fault; none: it is valid
	}{
		"defaults":           {defaults(), ""},
		"marks within":       {command("x", "--voice={voice}", "@{file}", "{}", "{A}", "{ x }"), ""},
		"bare samples":       {set(func(c *Config) { c.Output = Output{Encoding: audio.PCM16, SampleRate: 22050} }), ""},
		"no command":         {command(), "command: must be"},
		"an empty program":   {command("", "x"), "command: must be"},
		"a mark for program": {command("{voice}"), "command[0]: the program itself"},
		"the text":           {command("x", "{text}"), "command[1]: {text} must not be an argument"},
		"the text within":    {command("sh", "-c", "say '{text}'"), "command[2]: {text} must not be an argument"},
		"an unknown mark":    {command("x", "{voice}", "{voise}"), "command[2]: unknown placeholder {voise}"},
		"WAV with a rate":    {set(func(c *Config) { c.Output.SampleRate = 8000 }), "output: sample_rate"},
		"an unknown layout":  {set(func(c *Config) { c.Output.Encoding = "mp3" }), "output: encoding: must be one of"},
		"no rate":            {set(func(c *Config) { c.Output.Encoding = audio.PCM16 }), "output: pcm_s16le is not available at 0 Hz"},
		"no time":            {set(func(c *Config) { c.Timeout = 0 }), "timeout"},
		"too much time":      {set(func(c *Config) { c.Timeout = time.Hour }), "timeout"},
		"no output":          {set(func(c *Config) { c.MaxOutputBytes = 0 }), "max_output_bytes"},
		"too much output":    {set(func(c *Config) { c.MaxOutputBytes = 1 << 30 }), "max_output_bytes"},
		"no processes":       {set(func(c *Config) { c.Processes = 0 }), "processes"},
		"too many":           {set(func(c *Config) { c.Processes = 1 << 20 }), "processes"},
		"no limits":          {set(func(c *Config) { c.Limits.AddressSpace, c.Limits.CPUTime, c.Limits.Processes = 0, 0, 0 }), ""},
		"no room":            {set(func(c *Config) { c.Limits.AddressSpace = 4096 }), "limits.address_space_bytes"},
		"no computing":       {set(func(c *Config) { c.Limits.CPUTime = time.Millisecond }), "limits.cpu_time"},
		"less than a file":   {set(func(c *Config) { c.Limits.FileBytes = -1 }), "limits.file_bytes"},
		"no descriptors":     {set(func(c *Config) { c.Limits.OpenFiles = 2 }), "limits.open_files"},
		"less than one":      {set(func(c *Config) { c.Limits.Processes = -1 }), "limits.processes"},
		"root":               {set(func(c *Config) { c.User = "root" }), "user: must not be root"},
	} {
		err := c.cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestOptions(t *testing.T) {
	p := provide(t, defaults())
	if got, err := p.ParseOptions(json.RawMessage(`{}`)); got != nil || err != nil {
		t.Errorf("an empty object: %v, %v", got, err)
	}
	for raw, field := range map[string]string{`{"b": 1, "a": 2}`: "a", `[]`: "", `null`: "", `"x"`: ""} {
		var option *upstream.OptionError
		if _, err := p.ParseOptions(json.RawMessage(raw)); !errors.As(err, &option) || option.Field != field {
			t.Errorf("%s: got %v, want an OptionError of %q", raw, err, field)
		}
	}
}

// A client is told of what no program is asked to do, and nothing is claimed of a WAV's format before there is one.
func TestCapabilities(t *testing.T) {
	caps := provide(t, defaults()).Capabilities()
	req := upstream.Request{Language: "de", Speed: 1.5}
	want := "language normalize speed word_timestamps"
	if got := strings.Join(caps.Ignored(req, true), " "); got != want || len(caps.Formats) > 0 {
		t.Errorf("ignored %q and formats %v, want %q and none", got, caps.Formats, want)
	}
	raw := defaults()
	raw.Output = Output{Encoding: audio.MuLaw, SampleRate: 8000}
	if got := provide(t, raw).Capabilities().Formats; len(got) != 1 || got[0] != raw.Output.format() {
		t.Errorf("formats %v, want the one of bare samples", got)
	}
}

func TestAClosedProviderOpensNothing(t *testing.T) {
	p, err := open(defaults(), upstream.Env{Voices: []string{voice}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(t.Context(), request, nil); upstream.KindOf(err) != upstream.ConnectFailed {
		t.Errorf("got %v, want connect_failed", err)
	}
}
