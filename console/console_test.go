package console

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func handler(t *testing.T, p Page) http.Handler {
	t.Helper()
	h, err := Handler(func() Page { return p })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(h http.Handler, path, etag string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	h.ServeHTTP(w, r)
	return w
}

// The document says how the relay may be asked, and each file has the policy and a tag by which a browser that has it gets nothing.
func TestFilesAreServed(t *testing.T) {
	h := handler(t, Page{Access: WithKey})
	for path, kind := range map[string]string{
		"/console": "text/html; charset=utf-8", "/console/main.js": "text/javascript; charset=utf-8",
		"/console/console.css": "text/css; charset=utf-8", "/console/icon.svg": "image/svg+xml",
	} {
		w := get(h, path, "")
		header := w.Header()
		if w.Code != http.StatusOK || header.Get("Content-Type") != kind || header.Get("Content-Security-Policy") != policy || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d, %v", path, w.Code, header)
		}
		if again := get(h, path, header.Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
	for _, path := range []string{"/console/", "/console/index.html", "/console/nothing.js", "/console/../console.go"} {
		if w := get(h, path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestDocumentSaysHowToAsk(t *testing.T) {
	tags := make(map[string]bool)
	for _, p := range []Page{{WithKey, false}, {Local, false}, {Local, true}, {ReadOnly, false}} {
		w := get(handler(t, p), "/console", "")
		if !strings.Contains(w.Body.String(), `data-access="`+string(p.Access)+`"`) || strings.Contains(w.Body.String(), `data-demo="true"`) != p.Demo {
			t.Errorf("%+v: %s", p, w.Body)
		}
		tags[w.Header().Get("ETag")] = true
	}
	if len(tags) != 4 {
		t.Errorf("%d tags of four documents", len(tags))
	}
}

// No file has what the policy forbids, or what would read a text as HTML, or loads anything from elsewhere.
func TestFilesKeepToThePolicy(t *testing.T) {
	files, err := read()
	if err != nil {
		t.Fatal(err)
	}
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage|@import|url\(|<script[^>]*>[^<]|<style| style="| on[a-z]+="`)
	elsewhere := regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]+`)
	lines := 0
	for name, f := range files {
		text := strings.ReplaceAll(string(f.content), "http://www.w3.org/2000/svg", "")
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("%s has %q", name, found)
		}
		if found := elsewhere.FindString(text); found != "" {
			t.Errorf("%s names %s", name, found)
		}
		lines += strings.Count(text, "\n")
	}
	if lines > 2500 {
		t.Errorf("the page has %d lines", lines)
	}
}
