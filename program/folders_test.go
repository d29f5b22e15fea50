package program

import (
	"os"
	"path/filepath"
	"testing"
)

// Who can write where the relay's folders are could give its programs other files.
func TestAFolderThatOthersWriteIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	open, link := filepath.Join(dir, "open"), filepath.Join(dir, "link")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	if _, err := newFolders(link, nil).take(); err == nil {
		t.Error("a symbolic link is used")
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := newFolders(open, nil).take(); err == nil {
		t.Error("a folder that all can write is used")
	}
}
