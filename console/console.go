package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// Access is how a page may ask the relay.
type Access string

// The ways to ask. At an operators' address nothing can be changed, and nothing spoken.
const (
	WithKey  Access = "key"      // an admin's key is asked for
	Local    Access = "local"    // no key is needed, and everything may be done
	ReadOnly Access = "readonly" // no key is needed, and everything may be read
)

// Page is what a page is told of its relay.
type Page struct {
	Access Access
	// Demo: its vendors are emulated, and one of them can be told to break off.
	Demo bool
}

// policy is the Content-Security-Policy: what is not of this server does not load, and nothing that is within the page runs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

//go:embed page
var embedded embed.FS

// types are those of the files that there are. The system's own list may differ.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// file is one of the page's.
type file struct {
	kind, etag string
	content    []byte
}

// Handler serves the page: the document at every path that ends in "/console", and its files below that. page says how that is at the
// moment of a request.
func Handler(page func() Page) (http.Handler, error) {
	files, err := read()
	if err != nil {
		return nil, err
	}
	documents := make(map[Page]file)
	for _, a := range []Access{WithKey, Local, ReadOnly} {
		for _, demo := range []bool{false, true} {
			told := fmt.Sprintf("data-access=%q data-demo=%q", a, strconv.FormatBool(demo))
			content := bytes.Replace(files["index.html"].content, []byte(`data-access=""`), []byte(told), 1)
			documents[Page{a, demo}] = newFile("index.html", content)
		}
	}
	delete(files, "index.html")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(r.URL.Path, "/console")
		f, known := files[strings.TrimPrefix(name, "/")]
		if name == "" {
			f, known = documents[page()]
		}
		if !known {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r)
	}), nil
}

// read reads the embedded files.
func read() (map[string]file, error) {
	files := make(map[string]file)
	err := fs.WalkDir(embedded, "page", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := embedded.ReadFile(at)
		files[strings.TrimPrefix(at, "page/")] = newFile(at, content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the console's files: %w", err)
	}
	return files, nil
}

func newFile(name string, content []byte) file {
	sum := sha256.Sum256(content)
	return file{kind: types[path.Ext(name)], etag: `"` + hex.EncodeToString(sum[:8]) + `"`, content: content}
}

// serve answers with the file, or that the browser has it already. A browser asks each time, so that after an update no page is made
// of old and new files.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}
