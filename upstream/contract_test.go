package upstream_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream"
)

func TestSecretsPrintAsStars(t *testing.T) {
	env := upstream.Env{Name: "k", APIKey: "hush"}
	data, err := json.Marshal(map[string]upstream.Secret{"key": "hush"})
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{
		fmt.Sprint(env), fmt.Sprintf("%+v", env), fmt.Sprintf("%#v", env), fmt.Sprintf("%s|%q|%x", env.APIKey, env.APIKey, env.APIKey), string(data),
	} {
		if strings.Contains(printed, "hush") || strings.Contains(printed, "68757368") {
			t.Errorf("printed as %s", printed)
		}
	}
	if got := env.APIKey.Reveal(); got != "hush" {
		t.Errorf("Reveal: got %q", got)
	}
}

func TestEveryKindHasAPolicy(t *testing.T) {
	for _, kind := range []upstream.Kind{
		upstream.ConnectFailed, upstream.FirstAudioTimeout, upstream.Stalled, upstream.Dropped, upstream.UpstreamError,
		upstream.Throttled, upstream.Rejected, upstream.AuthFailed, upstream.NoCredit, upstream.Garbled, upstream.NoAudio,
		upstream.ShortAudio, upstream.Canceled,
	} {
		policy, ok := upstream.Policies[kind]
		if !ok {
			t.Errorf("%s has none", kind)
		}
		if policy.Reroute != (kind != upstream.Canceled) {
			t.Errorf("%s: reroutes: %v", kind, policy.Reroute)
		}
		if policy.Trips && (policy.Opens || policy.CoolsDown || policy.PerVoice) {
			t.Errorf("%s both trips and does otherwise: %+v", kind, policy)
		}
	}
}

func TestErrorsPrintNoCause(t *testing.T) {
	cause := errors.New("GET https://host/?api_key=hush")
	err := fmt.Errorf("open stream: %w", &upstream.Error{Kind: upstream.AuthFailed, Code: "403", Message: "refused", Err: cause})
	if got, want := err.Error(), "open stream: auth_failed: refused (403)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, cause) || upstream.KindOf(err) != upstream.AuthFailed {
		t.Error("cause or kind is lost")
	}
	if got := upstream.KindOf(nil); got != "" {
		t.Errorf("no error is %s", got)
	}
	if got := upstream.KindOf(cause); got != upstream.UpstreamError {
		t.Errorf("an error of no kind: got %s", got)
	}
	if got := (&upstream.Error{Kind: upstream.Dropped, Message: "gone"}).Error(); got != "dropped: gone" {
		t.Errorf("without a code: got %q", got)
	}
}

func TestIgnoredOptions(t *testing.T) {
	all := upstream.Capabilities{WordTimes: upstream.WordTimesWord, Normalize: true, Language: true, MinSpeed: 0.5, MaxSpeed: 2}
	none := upstream.Capabilities{WordTimes: upstream.WordTimesNone, MinSpeed: 1, MaxSpeed: 1}
	usual := upstream.Request{Speed: 1, Normalize: true}
	special := upstream.Request{Speed: 1.5, Language: "de"}
	for name, c := range map[string]struct {
		caps  upstream.Capabilities
		req   upstream.Request
		words bool
		want  []string
	}{
		"able, asked for nothing":   {all, usual, false, nil},
		"able, asked for all":       {all, special, true, nil},
		"unable, asked for nothing": {none, usual, false, nil},
		"unable, asked for all":     {none, special, true, []string{"language", "normalize", "speed", "word_timestamps"}},
	} {
		got := c.caps.Ignored(c.req, c.words)
		if !slices.Equal(got, c.want) || got == nil {
			t.Errorf("%s: got %#v, want %q", name, got, c.want)
		}
	}
	if got := (upstream.Capabilities{MinSpeed: 0.8, MaxSpeed: 1.2}).ClampSpeed(0.5); got != 0.8 {
		t.Errorf("ClampSpeed: got %v, want 0.8", got)
	}
}

func TestSpeaks(t *testing.T) {
	for _, c := range []struct {
		known    []string
		language string
		want     bool
	}{
		{nil, "de-AT", true},
		{[]string{"ur", "bal"}, "", true},
		{[]string{"ur", "bal"}, "ur", true},
		{[]string{"ur", "bal"}, "UR-pk", true},
		{[]string{"ur", "bal"}, "bal-Arab", true},
		{[]string{"ur", "bal"}, "ba", false},
		{[]string{"ur", "bal"}, "en", false},
	} {
		if got := (upstream.Capabilities{Languages: c.known}).Speaks(c.language); got != c.want {
			t.Errorf("of %q, Speaks(%q) = %v, want %v", c.known, c.language, got, c.want)
		}
	}
}

type vendorOptions struct{ Level int }

func (o *vendorOptions) Validate() error {
	if o.Level > 9 {
		return errors.New("level: at most 9")
	}
	return nil
}

func TestDrivers(t *testing.T) {
	var opened vendorOptions
	driver := upstream.NewDriver("vendor", vendorOptions{Level: 3}, func(o vendorOptions, _ upstream.Env) (upstream.Provider, error) {
		opened = o
		return nil, nil
	})
	if driver.Name() != "vendor" {
		t.Errorf("got name %q", driver.Name())
	}
	for name, c := range map[string]struct {
		decode func(any) error
		level  int
		fails  bool
	}{
		"defaults":    {func(any) error { return nil }, 3, false},
		"set":         {func(into any) error { into.(*vendorOptions).Level = 7; return nil }, 7, false},
		"invalid":     {func(into any) error { into.(*vendorOptions).Level = 10; return nil }, 0, true},
		"undecodable": {func(any) error { return errors.New("no YAML") }, 0, true},
	} {
		opened = vendorOptions{}
		_, err := driver.Open(c.decode, upstream.Env{})
		if check := driver.Check(c.decode); (err != nil) != c.fails || (check != nil) != c.fails {
			t.Errorf("%s: Open says %v, Check %v", name, err, check)
		}
		if opened.Level != c.level {
			t.Errorf("%s: opened with %d, want %d", name, opened.Level, c.level)
		}
	}
}

func TestDriversCompareOptions(t *testing.T) {
	driver := upstream.NewDriver("vendor", vendorOptions{Level: 3}, func(vendorOptions, upstream.Env) (upstream.Provider, error) {
		return nil, nil
	})
	defaults := func(any) error { return nil }
	level := func(n int) func(any) error {
		return func(into any) error { into.(*vendorOptions).Level = n; return nil }
	}
	for name, c := range map[string]struct {
		one, other func(any) error
		want       bool
	}{
		"defaults":         {defaults, defaults, true},
		"default, spelt":   {defaults, level(3), true},
		"different":        {level(4), level(5), false},
		"equal":            {level(4), level(4), true},
		"invalid, and so":  {level(10), level(10), false},
		"invalid and well": {defaults, level(10), false},
	} {
		if got := driver.Equal(c.one, c.other); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
	if driver.Voiced() || !driver.WithVoices().Voiced() {
		t.Error("a driver depends on voices only where it says so")
	}
}

func TestChargesAreKnownWhole(t *testing.T) {
	for charge, want := range map[upstream.Charge]bool{
		{}:                                 false,
		{Decimal: "0.18"}:                  false,
		{Currency: "EUR"}:                  false,
		{Decimal: "0", Currency: "EUR"}:    true,
		{Decimal: "0.18", Currency: "EUR"}: true,
	} {
		if got := charge.Known(); got != want {
			t.Errorf("%+v: got %v", charge, got)
		}
	}
}
