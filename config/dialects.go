package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/routing"
)

// prefixForm is what a prefix looks like: segments of letters, digits, dots, dashes and underscores.
var prefixForm = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// settleDialects checks what the file says of dialects.
func settleDialects(file *fileConfig, d *decoder) []DialectConfig {
	for _, dialect := range file.Dialects {
		dialect.check(file, d)
	}
	return file.Dialects
}

func (c DialectConfig) check(file *fileConfig, d *decoder) {
	r, path := d.remarks, join("dialects", c.Name)
	if !slices.Contains(d.env.Dialects, c.Name) {
		r.fault(path, "unknown dialect; there are: "+strings.Join(d.env.Dialects, ", "))
		return
	}
	if c.Prefix != "" && !prefixForm.MatchString(c.Prefix) {
		r.fault(path+".prefix", "must be a path such as /openai/v1")
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

// samePaths reports whether dialects are served where they were.
func samePaths(now, before []DialectConfig) bool {
	here, there := pathsOf(now), pathsOf(before)
	if len(here) != len(there) {
		return false
	}
	for name, own := range here {
		if there[name] != own {
			return false
		}
	}
	return true
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
