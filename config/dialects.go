package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/routing"
)

// prefixForm is what a prefix looks like: segments of letters, digits, dots, dashes and underscores.
var prefixForm = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// taken are the first segments of paths that no prefix may begin with.
var taken = []string{"v1", "v2", "metrics", "healthz", "readyz"}

// settleDialects checks what the file says of dialects.
func settleDialects(file *fileConfig, d *decoder) []DialectConfig {
	for _, dialect := range file.Dialects {
		dialect.check(file, d)
	}
	return file.Dialects
}

func (c DialectConfig) check(file *fileConfig, d *decoder) {
	r, path := d.remarks, join("dialects", c.Name)
	if _, ok := d.env.Dialects[c.Name]; !ok {
		r.fault(path, "unknown dialect; there are: "+strings.Join(slices.Sorted(maps.Keys(d.env.Dialects)), ", "))
		return
	}
	if c.Prefix != "" {
		c.checkPrefix(file, d)
	}
	if c.MP3Fallback != "" && c.MP3Fallback != protocol.EncodingWAV {
		r.fault(path+".mp3_fallback", "must be wav, or left out")
	}
	for asked, voice := range c.Voices {
		if !file.hasVoice(voice) {
			r.fault(join(path+".voices", asked), fmt.Sprintf("unknown voice %q", voice))
		}
	}
	for asked, route := range c.Models {
		if !slices.ContainsFunc(file.Routes, func(r routing.Route) bool { return r.Name == route }) {
			r.fault(join(path+".models", asked), fmt.Sprintf("unknown route %q", route))
		}
	}
}

// checkPrefix finds out whether a dialect's paths would be among those of the relay, or of another dialect.
func (c DialectConfig) checkPrefix(file *fileConfig, d *decoder) {
	r, path := d.remarks, join("dialects", c.Name)+".prefix"
	segments := strings.Split(c.Prefix, "/")
	if !prefixForm.MatchString(c.Prefix) || slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		r.fault(path, "must be a path such as /openai/v1")
		return
	}
	if first := segments[1]; slices.Contains(taken, first) {
		r.fault(path, fmt.Sprintf("/%s is where the relay's own paths are, and those that dialects have without a prefix", first))
	}
	prefixes := maps.Clone(d.env.Dialects)
	for _, other := range file.Dialects {
		if _, ok := prefixes[other.Name]; ok {
			prefixes[other.Name] = cmp.Or(other.Prefix, prefixes[other.Name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(prefixes)) {
		if other := prefixes[name]; name != c.Name && other != "" && (isWithin(c.Prefix, other) || isWithin(other, c.Prefix)) {
			r.fault(path, fmt.Sprintf("dialects.%s has its paths at %s", name, other))
		}
	}
}

// isWithin reports whether a path is another one, or below it.
func isWithin(path, other string) bool { return strings.HasPrefix(path+"/", other+"/") }

// paths is where dialects are served, which needs a restart to change.
type paths struct {
	enabled, root bool
	prefix        string
}

func pathsOf(dialects []DialectConfig) map[string]paths {
	all := make(map[string]paths)
	for _, c := range dialects {
		if own := (paths{c.Enabled, c.Root, c.Prefix}); own != (paths{enabled: true, root: true}) {
			all[c.Name] = own
		}
	}
	return all
}

// keepPaths is what is said now of dialects, at the paths where they are served already.
func keepPaths(now, running []DialectConfig) []DialectConfig {
	kept, at := slices.Clone(now), pathsOf(running)
	for name := range at {
		if !slices.ContainsFunc(kept, func(c DialectConfig) bool { return c.Name == name }) {
			kept = append(kept, DialectConfig{Name: name})
		}
	}
	for i := range kept {
		own, changed := at[kept[i].Name]
		if !changed {
			own = paths{enabled: true, root: true}
		}
		kept[i].Enabled, kept[i].Root, kept[i].Prefix = own.enabled, own.root, own.prefix
	}
	slices.SortFunc(kept, func(a, b DialectConfig) int { return cmp.Compare(a.Name, b.Name) })
	return kept
}
