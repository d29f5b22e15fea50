package deepgram

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// FuzzMessage reads messages by both versions. What is taken can be applied.
func FuzzMessage(f *testing.F) {
	for _, text := range wellFormed {
		f.Add([]byte(text))
	}
	for _, messages := range []map[string]string{malformed, ofFlux, ofAura} {
		for text := range messages {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, v := range []*version{aura, flux} {
			m, known, refused := v.decode(websocket.MessageText, data)
			switch {
			case refused != nil:
				if refused.Message == "" {
					t.Error("refused without a word")
				}
			case !known || !v.knows(m.Type):
				t.Errorf("took %q", m.Type)
			case m.Type == "Interrupt" && m.Offset.check() == nil && m.Offset != nil && m.Offset.played() < 0:
				t.Errorf("took an offset of %v", m.Offset.played())
			}
		}
	})
}

// FuzzQuery reads queries of both versions. What is taken is a format that can be had, and a speed.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"", "model=narrator&encoding=linear16&sample_rate=24000&mip_opt_out=false", "speed=1.05&tag=a&tag=b", "speed=NaN", "speed=Inf",
		"sample_rate=1e3", "encoding=%00", "model=%ff", "a=%", "container=wav&encoding=mulaw&sample_rate=16000", "sample_rate=9999999999999999999",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, v := range []*version{aura, flux} {
			a, values, refused := readQuery(&http.Request{URL: &url.URL{RawQuery: query}}, v)
			if refused != nil {
				continue
			}
			if !(a.speed >= v.slowest && a.speed <= v.fastest) || len(a.model) > maxModel {
				t.Errorf("took speed %v and a model of %d bytes", a.speed, len(a.model))
			}
			if kept := a.metadata(v); len(kept) > 2+maxTags {
				t.Errorf("keeps %d entries", len(kept))
			}
			if format, refused := rawFormat(values); refused == nil && format.Validate() != nil {
				t.Errorf("took %v", format)
			}
		}
	})
}

// FuzzHeader makes header values of any text.
func FuzzHeader(f *testing.F) {
	f.Add("unknown voice \"a\r\nb\"")
	f.Add("ä\x00\x7f€")
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []byte(asciiLine(oneLine(text))) {
			if c < ' ' || c > '~' {
				t.Errorf("%q has a byte %#x", text, c)
			}
		}
		if _, err := url.QueryUnescape(text); err == nil && len(uuidOf(text)) != 36 {
			t.Error("no id")
		}
	})
}

// FuzzControls takes objects out of texts that are cut in two. All that is no object is spoken.
func FuzzControls(f *testing.F) {
	f.Add(`Take \{"word": "dupilumab", "pronounce": "duːpˈɪljuːmæb"\} now.`, 9)
	f.Add(`\{\{\}\}\`, 2)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = max(0, min(at, len(text)))
		var c controls
		first := c.take(text[:at])
		got := first + c.take(text[at:])
		if len(c.held) > maxControl+len(controlOpens) {
			t.Errorf("holds %d bytes", len(c.held))
		}
		got += c.rest()
		if want := withoutControls(text); got != want {
			t.Errorf("%q at %d: got %q, want %q", text, at, got, want)
		}
		if !strings.Contains(text, controlOpens) && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
