package uplift

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreChecked(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                                 "",
		`null`:                               "",
		`"x"`:                                "",
		`{"voiceId":"v_8eelc901"}`:           "voiceId",
		`{"phraseReplacementConfigID":"a"}`:  "phraseReplacementConfigID",
		`{"phraseReplacementConfigId":""}`:   "phraseReplacementConfigId",
		`{"phraseReplacementConfigId":1}`:    "phraseReplacementConfigId",
		`{"phraseReplacementConfigId":null}`: "phraseReplacementConfigId",
		`{"zzz":1,"outputFormat":"MP3"}`:     "outputFormat", // the first by name
		`{"phraseReplacementConfigId":"` + strings.Repeat("x", 201) + `"}`: "phraseReplacementConfigId",
	})
	for raw, want := range map[string]string{
		`{}`:                                    "",
		`{"phraseReplacementConfigId":"prc_1"}`: "prc_1",
	} {
		o, err := parseOptions(json.RawMessage(raw))
		if err != nil || o.PhraseReplacementConfigID != want {
			t.Errorf("%s: got %+v and %v, want %q", raw, o, err, want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		fault  string
	}{
		"the defaults":       {func(*Config) {}, ""},
		"the other way":      {func(c *Config) { c.Transport = "socketio" }, ""},
		"the most":           {func(c *Config) { c.RequestsPerSocket = 40 }, ""},
		"no transport":       {func(c *Config) { c.Transport = "" }, "transport"},
		"carrier pigeons":    {func(c *Config) { c.Transport = "pigeon" }, "transport"},
		"no requests":        {func(c *Config) { c.RequestsPerSocket = 0 }, "requests_per_socket"},
		"too many to cancel": {func(c *Config) { c.RequestsPerSocket = 41 }, "requests_per_socket"},
		"no patience":        {func(c *Config) { c.Silence = 999 * time.Millisecond }, "silence"},
		"no idleness":        {func(c *Config) { c.Idle = 0 }, "idle"},
	} {
		cfg := defaults
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.fault == "") || err != nil && !strings.HasPrefix(err.Error(), c.fault+": ") {
			t.Errorf("%s: got %v, want a fault of %q", name, err, c.fault)
		}
	}
}

func TestAddresses(t *testing.T) {
	const host = "wss://ap-southeast-1.api.upliftai.org"
	for transport, want := range map[string]string{
		transportWebSocket: host + "/v1/text-to-speech/multi-stream",
		transportSocketIO:  host + "/socket.io/?EIO=4&transport=websocket",
	} {
		for _, slash := range []string{"", "/"} {
			p, err := open(over(transport), upstream.Env{Name: "uplift", URL: host + slash, APIKey: key})
			if err != nil {
				t.Fatal(err)
			}
			base, header := host+slash, ""
			u := mustParse(t, base)
			address, headers := p.address(u)
			if headers != nil {
				header = headers.Get("Authorization")
			}
			if address != want || (transport == transportWebSocket) != (header == "Bearer "+string(key)) {
				t.Errorf("%s: got %s and %q, want %s", transport, address, header, want)
			}
			_ = p.Close() // never fails
		}
	}
}
