package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"voicerelay/audio"
	"voicerelay/audio/codec"
)

// byDigest is an image that nobody can replace.
var byDigest = regexp.MustCompile(`^[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}$`)

func dockerfile(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`\\\n\s*`).ReplaceAllString(string(source), "") // one instruction a line
}

func TestTheImageIsBuiltOfWhatItNames(t *testing.T) {
	froms := regexp.MustCompile(`(?m)^FROM (\S+)(?: AS (\S+))?$`).FindAllStringSubmatch(dockerfile(t), -1)
	if len(froms) != 5 {
		t.Fatalf("%d stages, want 5", len(froms))
	}
	stages := make(map[string]bool)
	for _, from := range froms {
		if from[1] != "scratch" && !stages[from[1]] && !byDigest.MatchString(from[1]) {
			t.Errorf("%s has no digest, and is no stage before", from[1])
		}
		stages[from[2]] = true
	}
	if last := froms[len(froms)-1]; last[1] != "relay" || last[2] != "" {
		t.Errorf("without a target %s is built, want the relay alone", last[1])
	}
	for _, pattern := range []string{
		`(?m)^USER [1-9]\d*:[1-9]\d*$`, // by number, so that a cluster sees that it is not root
		`org\.opencontainers\.image\.source="https://`, `org\.opencontainers\.image\.licenses="Apache-2\.0"`,
		`org\.opencontainers\.image\.version="\$VERSION"`, `org\.opencontainers\.image\.revision="\$REVISION"`,
		`-X main\.stampedVersion=\$VERSION -X main\.stampedRevision=\$REVISION`,
	} {
		if !regexp.MustCompile(pattern).MatchString(dockerfile(t)) {
			t.Errorf("no %s", pattern)
		}
	}
}

// The variant with encoders is the image, and the first program of each encoding that the relay looks for.
func TestTheImageOfEncodersHasThem(t *testing.T) {
	source := dockerfile(t)
	installed := regexp.MustCompile(`apt-get install -y --no-install-recommends ([a-z ]+) &&`).FindStringSubmatch(source)
	copied := regexp.MustCompile(`for program in ([a-z/ ]+); do`).FindStringSubmatch(source)
	if installed == nil || copied == nil || !regexp.MustCompile(`(?m)^FROM relay AS encoders$`).MatchString(source) {
		t.Fatal("there is no such image")
	}
	packages := strings.Fields(installed[1])
	if got, want := strings.Fields(copied[1]), "/usr/bin/"+strings.Join(packages, " /usr/bin/"); strings.Join(got, " ") != want {
		t.Errorf("it has %v of %v", got, packages)
	}
	var none *codec.Set
	for _, encoding := range []audio.Encoding{audio.MP3, audio.Opus} {
		missing := none.Check(codec.Format{Format: audio.Format{Encoding: encoding, Rate: 24000}}).Error()
		_, takes, _ := strings.Cut(missing, "it takes ")
		first, _, _ := strings.Cut(takes, " or ")
		if !slices.Contains(packages, first) {
			t.Errorf("%s is made by %s at best, and the image has %v", encoding, first, packages)
		}
	}
}

// The health check is a command of the relay, and reads the file that the relay serves by.
func TestTheImagesHealthCheckIsACommand(t *testing.T) {
	checks := regexp.MustCompile(`(?m)^HEALTHCHECK .*CMD (\[.*\])$`).FindStringSubmatch(dockerfile(t))
	serves := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindStringSubmatch(dockerfile(t))
	if checks == nil || serves == nil {
		t.Fatal("no health check or no command")
	}
	var check, served []string
	if err := json.Unmarshal([]byte(checks[1]), &check); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(serves[1]), &served); err != nil {
		t.Fatal(err)
	}
	if strings.Join(check, " ") != "/relay ready "+strings.Join(served[1:], " ") {
		t.Errorf("%q checks what %q serves", check, served)
	}
	if code, _, _ := asked(t, "-config", filepath.Join(t.TempDir(), "none.yaml")); code != exitFault {
		t.Errorf("the command takes no -config: exit %d", code)
	}
}

func ignored(t *testing.T) func(path string) bool {
	t.Helper()
	f, err := os.Open("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return func(path string) bool {
		out, err := matcher.MatchesOrParentMatches(path)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// A builder on another machine gets the whole context, and a layer keeps what was copied.
func TestNoSecretGetsIntoTheBuild(t *testing.T) {
	out := ignored(t)
	for _, path := range []string{
		".git/config", ".env", ".env.production", "deploy/.env", "relay.pem", "certs/relay.pem", "relay.key", "deploy/relay.crt",
		"a.p12", ".ssh/id_ed25519", "id_rsa", "home/.aws/credentials", ".docker/config.json", ".netrc", "clients/python/.pypirc",
		"config.yaml", "config.production.yaml", "deploy/config.yml", "docker-compose.override.yml", "secrets/key", "deploy/secrets/key",
		"data/ledger.db", "data/anything", "deploy/data/ledger.db", "ledger.db", "ledger.db-wal", "ledger.db.lock", "out.wav", "relay.log",
		"bin/relay", "tests/foreign/npm/node_modules/x/index.js",
	} {
		if !out(path) {
			t.Errorf("%s gets in", path)
		}
	}
}

func TestTheWholeProgramGetsIntoTheBuild(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}`, ".")
	listed, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	out, seen := ignored(t), 0
	for _, path := range append(strings.Fields(string(listed)), filepath.Join(root, "go.mod"), filepath.Join(root, "client/go.sum")) {
		inside, ok := strings.CutPrefix(path, root+"/")
		if !ok {
			continue // of another module
		}
		seen++
		if out(inside) {
			t.Errorf("%s is left out", inside)
		}
	}
	if seen < 100 {
		t.Errorf("looked at %d files only", seen)
	}
}
