package limits

import (
	"context"
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

// lua is the source of the scripts. Each decision is one of them, so that nothing happens between a look and a step.
//
//go:embed lua/*.lua
var lua embed.FS

// scripts are the decisions, as Redis takes them. Each may be asked again when its answer was lost: the record that
// it is about owns what the first asking took.
type scripts struct {
	// On a tenant's admissions.
	admit, renew, settle, former *redis.Script
	// On an owner's budget in a currency.
	reserve, book, inform, recall, known, claim *redis.Script
	probe                                       *redis.Script
}

// newScripts reads them. Each is clock, what it shares with others, and its own.
func newScripts(clock string) scripts {
	script := func(parts ...string) *redis.Script {
		source := []string{clock}
		for _, name := range parts {
			source = append(source, luaFile(name))
		}
		return redis.NewScript(strings.Join(source, "\n"))
	}
	return scripts{
		admit:   script("admission", "admit"),
		renew:   script("admission", "renew"),
		settle:  script("admission", "settle"),
		former:  script("admission", "former"),
		reserve: script("budget", "reserve"),
		book:    script("budget", "book"),
		inform:  script("budget", "inform"),
		recall:  script("budget", "recall"),
		known:   script("budget", "known"),
		claim:   script("claim"),
		probe:   script("probe"),
	}
}

func luaFile(name string) string {
	source, err := lua.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // it is compiled in
	}
	return string(source)
}

// call is one asking of a script.
type call struct {
	script *redis.Script
	keys   []string // of one tenant or provider, hence of one slot
	args   []any
}

func (c call) run(ctx context.Context, client redis.UniversalClient) ([]any, error) {
	return c.script.Run(ctx, client, c.keys, c.args...).Slice()
}

// keyspace names the keys of tenants. The braces make Redis Cluster keep all of a tenant's in one slot.
type keyspace struct{ prefix string }

func (k keyspace) admissions(tenant string) []string {
	base := k.prefix + "{" + tenant + "}:"
	return []string{base + "slots", base + "running", base + "owners", base + "ended", base + "rate", base + "holders"}
}

func (k keyspace) budget(a account) []string {
	base := k.prefix + "{" + a.owner.tag() + "}:"
	if a.owner.Key != "" {
		base += "key:" + a.owner.Key + ":" // no currency has small letters
	}
	base += a.currency + ":"
	return []string{base + "leases", base + "holds", base + "held", base + "spent"}
}

// secret is where the secret of the hashes stands, of all tenants.
func (k keyspace) secret() string { return k.prefix + "secret" }

func (k keyspace) probe(tenant string) []string { return []string{k.prefix + "{" + tenant + "}:probe"} }

// flag is a bool as scripts read it.
func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
