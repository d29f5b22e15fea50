package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// What the linker says of a build without a repository, as in an image: -X main.stampedVersion=….
var stampedVersion, stampedRevision string

// version says what this binary was built from: `relay version`.
func version(_ context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay version", flag.ContinueOnError)
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	info, _ := debug.ReadBuildInfo() // nil in a binary that was built in another way
	fmt.Fprint(std.out, describeBuild(info, stampedVersion, stampedRevision))
	return exitOK
}

// ownVersion is the version of this binary.
func ownVersion() string {
	info, _ := debug.ReadBuildInfo() // nil in a binary that was built in another way
	return buildOf(info, stampedVersion, stampedRevision).version
}

// build is what a binary was built from.
type build struct{ version, revision string }

// describeBuild is a build in lines of a name and a value.
func describeBuild(info *debug.BuildInfo, version, revision string) string {
	b := buildOf(info, version, revision)
	return fmt.Sprintf("version: %s\nrevision: %s\ngo: %s %s/%s\n", b.version, b.revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// buildOf is what the linker says, else the build itself.
func buildOf(info *debug.BuildInfo, version, revision string) build {
	modified := ""
	if info != nil {
		version = cmp.Or(version, info.Main.Version)
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = cmp.Or(revision, s.Value)
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = ", modified"
			}
		}
	}
	return build{cmp.Or(version, "unknown"), cmp.Or(revision, "unknown") + modified}
}
