// Package real_test has a relay speak by engines that are no emulators: hibari behind a server of OpenAI's shape, and Piper behind
// wyoming-piper, both neural voices that run on a processor from files of their packages. A speech recogniser listens. README.md says
// what is measured.
//
//  1. What is heard is compared with what the same recogniser hears of the same voices where nothing has gone wrong.
//  2. The packages are pinned, and installed by `make voices`. Where they are not the tests are skipped, and say so.
package real_test

import (
	_ "embed"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"voicerelay/tests/foreign/packages"
	"voicerelay/tests/process"
)

// kills is how often a voice is killed in mid-speech, half of them in each order of the two voices.
var kills = flag.Int("kills", 4, "how often a voice is killed in mid-speech")

// freely has a recogniser listen too who does not know the texts, which takes about as long as they are heard for.
var freely = flag.Bool("freely", false, "have a recogniser listen too who does not know the texts")

// install has missing packages fetched.
var install = flag.Bool("install", false, "install the packages where they are missing")

// requirements are the packages, each with the hashes of its files.
//
//go:embed requirements.txt
var requirements []byte

// python is an interpreter with the packages.
var python = sync.OnceValues(func() (string, error) {
	if *install {
		return packages.Python(requirements)
	}
	return packages.InstalledPython(requirements, "the packages of real voices are not installed: make voices does it")
})

// folder is where the relay's program is.
var folder string

func TestMain(m *testing.M) {
	process.Main(m, func(dir string) error {
		folder = dir
		return nil
	})
}

// relayProgram is the relay, built for the tests that need it.
var relayProgram = sync.OnceValues(func() (string, error) { return process.Build(folder) })

// packaged is the folder of a package that is installed, which has files of its own.
func packaged(t *testing.T, name string) string {
	t.Helper()
	interpreter, err := python()
	process.Need(t, err)
	found, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(interpreter)), "lib", "python*", "site-packages", name))
	if err != nil || len(found) != 1 {
		t.Fatalf("the folder of %s: %q, %v", name, found, err)
	}
	return found[0]
}

func TestTheVoicesAreInstalled(t *testing.T) {
	interpreter, err := python()
	process.Need(t, err)
	if _, err := os.Stat(interpreter); err != nil {
		t.Error(err)
	}
}
