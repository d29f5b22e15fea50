package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/tests/document"
	"voicerelay/upstream"
)

var update = flag.Bool("update", false, "rewrite the documents")

const providersPage = "../../docs/providers.md"

// The tables of the page on providers are made of what the code says. The prose around them is written by hand.
func TestProvidersPageSaysWhatTheCodeDoes(t *testing.T) {
	page, err := os.ReadFile(providersPage)
	if err != nil {
		t.Fatal(err)
	}
	want := string(page)
	for name, made := range map[string]string{
		"claims": claimsTable(t), "kinds": kindsTable(), "codes": codesTable(),
	} {
		want, err = document.Fill(want, name, made)
		if err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(providersPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Error("docs/providers.md is not what the code says; run: go test ./cmd/relay -run TestProvidersPage -update")
	}
}

// vendors are the drivers that speak to a vendor.
func vendors() []upstream.Driver {
	var all []upstream.Driver
	for _, d := range drivers() {
		if len(d.Codes()) > 0 {
			all = append(all, d)
		}
	}
	return all
}

// claimsTable has a line for each vendor, with its driver's default options.
func claimsTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| adapter | word times | piece ends | cancel | cost | resumes by | streams a socket | tags |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, d := range vendors() {
		c := capabilitiesOf(t, d)
		cost := "price list"
		if c.Cost {
			cost = "vendor's own"
		}
		fmt.Fprintf(&b, "| %s | %s (%s) | %s (%s) | %s (%s) | %s (%s) | `%s` | %d | %s |\n", d.Name(),
			c.WordTimes, c.Known.WordTimes, c.PieceEnds, c.Known.PieceEnds, c.Cancel, c.Known.Cancel, cost, c.Known.Cost,
			c.Resume(), c.StreamsPerSocket, tagsOf(c))
	}
	return b.String()
}

// tagsOf lists the tags that a vendor knows.
func tagsOf(c upstream.Capabilities) string {
	var tags []string
	if c.Spell {
		tags = append(tags, "`spell`")
	}
	for _, tag := range c.Markup {
		tags = append(tags, "`"+tag+"`")
	}
	return cmp.Or(strings.Join(tags, ", "), "none")
}

// addressOf is an address that a driver takes, at which nobody listens.
func addressOf(t *testing.T, d upstream.Driver) string {
	t.Helper()
	for _, url := range []string{"wss://127.0.0.1:1", "https://127.0.0.1:1", "tcp://127.0.0.1:1"} {
		if d.CheckEnv(noOptions, upstream.Env{Name: d.Name(), URL: url, APIKey: "none", Log: zerolog.Nop()}) == nil {
			return url
		}
	}
	t.Fatalf("%s takes no address", d.Name())
	return ""
}

// noOptions decodes options of which none is set.
func noOptions(any) error { return nil }

// capabilitiesOf opens a provider, which connects to nothing as long as nobody speaks.
func capabilitiesOf(t *testing.T, d upstream.Driver) upstream.Capabilities {
	t.Helper()
	env := upstream.Env{Name: d.Name(), URL: addressOf(t, d), APIKey: "none", Log: zerolog.Nop()}
	p, err := d.Open(noOptions, env)
	if err != nil {
		t.Fatalf("open %s: %v", d.Name(), err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Errorf("close %s: %v", d.Name(), err)
		}
	}()
	return p.Capabilities()
}

// kinds are all kinds of failure, in the order of the protocol's document.
var kinds = []upstream.Kind{
	upstream.ConnectFailed, upstream.FirstAudioTimeout, upstream.Stalled, upstream.Dropped, upstream.UpstreamError,
	upstream.Throttled, upstream.Rejected, upstream.AuthFailed, upstream.NoCredit, upstream.Garbled, upstream.NoAudio,
	upstream.ShortAudio, upstream.Canceled,
}

func TestEveryKindIsDocumented(t *testing.T) {
	if len(kinds) != len(upstream.Policies) {
		t.Errorf("%d kinds are documented, %d have a policy", len(kinds), len(upstream.Policies))
	}
}

func kindsTable() string {
	var b strings.Builder
	b.WriteString("| kind | what the relay does |\n| --- | --- |\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k, consequence(upstream.Policies[k]))
	}
	return b.String()
}

// consequence puts a policy into words.
func consequence(p upstream.Policy) string {
	if !p.Reroute {
		return "nothing: it is nobody's failure"
	}
	does := []string{"goes on with the next target"}
	switch {
	case p.Opens:
		does = append(does, "opens the target's circuit at once")
	case p.CoolsDown:
		does = append(does, "lets the target rest for its Retry-After, without counting a failure")
	case p.PerVoice:
		does = append(does, "counts against target and voice together")
	case p.Trips:
		does = append(does, "counts towards opening the target's circuit")
	default:
		does = append(does, "counts nothing against the target, since the request was at fault")
	}
	return strings.Join(does, "; ")
}

func codesTable() string {
	var b strings.Builder
	b.WriteString("| adapter | where | code | kind | what the relay does |\n| --- | --- | --- | --- | --- |\n")
	for _, d := range vendors() {
		for _, e := range d.Codes() {
			fmt.Fprintf(&b, "| %s | %s | `%s` | `%s` | %s |\n", d.Name(), e.Where, e.Code, e.Kind, consequence(upstream.Policies[e.Kind]))
		}
	}
	return b.String()
}
