package main

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"
)

func TestABuildSaysWhatItIs(t *testing.T) {
	of := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision, dirty := debug.BuildSetting{Key: "vcs.revision", Value: "abc"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for name, c := range map[string]struct {
		info              *debug.BuildInfo
		version, revision string // of the linker
		want              string
	}{
		"a repository":       {of("v1.2.3", revision), "", "", "version: v1.2.3\nrevision: abc\n"},
		"with changes":       {of("(devel)", revision, dirty), "", "", "version: (devel)\nrevision: abc, modified\n"},
		"the linker":         {of("(devel)"), "v1.2.3", "abc", "version: v1.2.3\nrevision: abc\n"},
		"nothing":            {nil, "", "", "version: unknown\nrevision: unknown\n"},
		"a module's version": {of("v1.2.3"), "", "", "version: v1.2.3\nrevision: unknown\n"},
	} {
		if got := describeBuild(c.info, c.version, c.revision); !strings.HasPrefix(got, c.want+"go: go1.") {
			t.Errorf("%s: got %q", name, got)
		}
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"version"}, stdio{out: &out, err: &out}); code != exitOK || !strings.HasPrefix(out.String(), "version: ") {
		t.Errorf("exit %d, %q", code, &out)
	}
}
