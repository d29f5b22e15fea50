package emulator

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each vendor of the list has a folder with transcripts, and each folder with transcripts is in the list.
func TestVendorsAreTheFolders(t *testing.T) {
	paths, err := filepath.Glob("*/testdata")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, path := range paths {
		folders = append(folders, filepath.Dir(path))
	}
	if got := Vendors(); !slices.Equal(got, folders) {
		t.Errorf("the list has %q, the folders are %q", got, folders)
	}
	for _, vendor := range Vendors() {
		if _, err := os.Stat(filepath.Join(vendor, vendor+".go")); err != nil {
			t.Error(err)
		}
		server, err := New(vendor, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNewNamesTheVendorsThatThereAre(t *testing.T) {
	_, err := New("nobody", Options{})
	const want = `no emulator of "nobody"; there are assemblyai, cartesia, deepgram, elevenlabs, fish, inworld, kugelaudio, minimax, openai, rime, soniox, together, uplift, vogent, wyoming, zeligate`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNewDrawnHasTheQuirks(t *testing.T) {
	server, err := NewDrawn("together", Options{Seed: 3}, "echo:named", "serial:true")
	if err != nil {
		t.Fatal(err)
	}
	if got := server.Quirks(); !strings.Contains(got, "echo:named ") || !strings.Contains(got, "serial:true ") {
		t.Errorf("got %s", got)
	}
	if _, err := NewDrawn("nobody", Options{}, "echo:named"); err == nil {
		t.Error("a vendor that there is not has drawn it")
	}
}
