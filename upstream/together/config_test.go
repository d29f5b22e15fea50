package together

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/upstreamtest"
)

func TestOptionsAreChecked(t *testing.T) {
	const dictionary = "pronunciation_dict"
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error {
		_, err := parseOptions(raw)
		return err
	}, map[string]string{
		`[]`:                                       "",
		`null`:                                     "",
		`"x"`:                                      "",
		`{"speed":1}`:                              "speed",
		`{"pronunciation_dict":null}`:              dictionary,
		`{"pronunciation_dict":"a/b"}`:             dictionary,
		`{"pronunciation_dict":[1]}`:               dictionary,
		`{"pronunciation_dict":["ab"]}`:            dictionary,
		`{"pronunciation_dict":["/b"]}`:            dictionary,
		`{"pronunciation_dict":["a/"]}`:            dictionary,
		`{"pronunciation_dict":["a/b",""]}`:        dictionary,
		`{"pronunciation_dict":1,"alpha":2}`:       "alpha", // the first by name
		`{"pronunciation_dict":` + many(201) + `}`: dictionary,
		`{"pronunciation_dict":["` + strings.Repeat("ä", 127) + `/b"]}`: dictionary,
		`{"pronunciation_dict":["a/b\u0007"]}`:                          dictionary,
	})
}

func many(n int) string { return "[" + strings.Repeat(`"a/b",`, n-1) + `"a/b"]` }

func TestOptionsAreTaken(t *testing.T) {
	for raw, want := range map[string]int{
		`{}`:                        0,
		`{"pronunciation_dict":[]}`: 0,
		`{"pronunciation_dict":["omg/oh my god","a/b/c"]}`: 2,
		`{"pronunciation_dict":` + many(200) + `}`:         200,
	} {
		o, err := parseOptions(json.RawMessage(raw))
		if err != nil || len(o.PronunciationDict) != want {
			t.Errorf("%.80s: got %v, %v; want %d entries", raw, o, err, want)
		}
	}
}

func TestConfiguration(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"auth":                  func(c *Config) { c.Auth = "cookie" },
		"alignment":             func(c *Config) { c.Alignment = "" },
		"max_partial_length":    func(c *Config) { c.MaxPartialLength = 0 },
		"contexts_per_socket":   func(c *Config) { c.ContextsPerSocket = 91 },
		"contexts_per_socket: ": func(c *Config) { c.ContextsPerSocket = 0 },
		"quiet":                 func(c *Config) { c.Quiet = 3 * time.Second },
		"quiet: ":               func(c *Config) { c.Quiet = 0 },
		"idle":                  func(c *Config) { c.Idle = time.Millisecond },
	} {
		cfg := defaults()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("got %v, want an error of %s", err, name)
		}
	}
	cfg := defaults()
	if err := cfg.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

// TestPatienceIsLessThanAStall compares the longest wait with the relay's usual stall_timeout.
func TestPatienceIsLessThanAStall(t *testing.T) {
	if wait := patience * defaults().Quiet; wait >= 2*time.Second {
		t.Errorf("ends are waited for up to %v", wait)
	}
}
