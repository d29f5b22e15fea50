package console

import (
	"fmt"
	"testing"
)

// looks are the ways in which each view is looked at.
var looks = []struct {
	theme string
	width int64
}{{"light", 1280}, {"dark", 1280}, {"light", 360}, {"dark", 360}}

// Each view shows what has happened, in both themes and at both widths, to everybody.
func TestEachViewShowsTraffic(t *testing.T) {
	r := serve(t, keys)
	r.traffic()
	p := openPage(t, r.URL)
	p.signIn(adminKey)
	for _, view := range []struct {
		name  string
		shows []string
		opens string // what is within the first row
	}{
		{"now", []string{"First audio, p95", "Rerouted", "unknown_route"}, ""},
		{"vendors", []string{"alpha", "beta", "dropped"}, "Adapter kugelaudio"},
		{"tenants", []string{"acme", "EUR", "operator", "unknown_route"}, ""},
		{"live", []string{"Nothing is spoken now."}, ""},
		{"failures", []string{"rerouted", "connect_failed", "unknown_route", "alpha: dropped"}, "Attempts"},
		{"configuration", []string{"alpha", "Warnings of the last load", "***", "- name: operator"}, ""},
	} {
		p.view(view.name)
		for _, text := range view.shows {
			p.untilText(text)
		}
		if view.opens != "" {
			p.run("document.querySelector('button.plain').click()")
			p.untilText(view.opens)
		}
		for _, look := range looks {
			p.theme(look.theme)
			p.width(look.width)
			p.checkAccessible(fmt.Sprintf("%s, %s, %d px", view.name, look.theme, look.width))
			p.shoot(fmt.Sprintf("%s-%s-%d", view.name, look.theme, look.width))
		}
	}
}
