package config

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

const bareFile = `
providers: {tone: {adapter: fake}}
routes: {default: {targets: [{provider: tone}]}}
voices: {narrator: {ids: {tone: "1"}}}
`

// What is wrong with a dialect is said at its place.
func TestFaultsOfDialects(t *testing.T) {
	for said, want := range map[string]string{
		`strange: {}`:                                "dialects.strange: unknown dialect; there are: acoustic, bare, other",
		`acoustic: {prefix: acoustic}`:               "dialects.acoustic.prefix: must be a path such as /openai/v1",
		`acoustic: {prefix: /a/}`:                    "dialects.acoustic.prefix: must be a path such as /openai/v1",
		`acoustic: {prefix: /a/../b}`:                "dialects.acoustic.prefix: must be a path such as /openai/v1",
		`acoustic: {prefix: /v1}`:                    "dialects.acoustic.prefix: /v1 is where the relay's own paths are",
		`acoustic: {prefix: /metrics/a}`:             "dialects.acoustic.prefix: /metrics is where the relay's own paths are",
		`acoustic: {prefix: /other}`:                 "dialects.acoustic.prefix: dialects.other has its paths at /other",
		`acoustic: {prefix: /other/v1}`:              "dialects.acoustic.prefix: dialects.other has its paths at /other",
		`other: {prefix: /acoustic}`:                 "dialects.other.prefix: dialects.acoustic has its paths at /acoustic/v1",
		`acoustic: {prefix: /a}, bare: {prefix: /a}`: "dialects.bare.prefix: dialects.acoustic has its paths at /a",
		`acoustic: {voices: {alloy: no}}`:            `dialects.acoustic.voices.alloy: unknown voice "no"`,
		`acoustic: {models: {tts-1: no}}`:            `dialects.acoustic.models.tts-1: unknown route "no"`,
		`acoustic: {mp3_fallback: flac}`:             "dialects.acoustic.mp3_fallback: must be wav, or left out",
		`acoustic: {enabled: perhaps}`:               "dialects.acoustic.enabled:",
		`acoustic: {voice: {alloy: none}}`:           "dialects.acoustic.voice:",
	} {
		_, _, err := Parse("test", []byte(bareFile+"dialects: {"+said+"}\n"), fakeEnvironment())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", said, err, want)
		}
	}
}

// Dialects may have each other's names in their prefixes, and change places.
func TestPrefixesOfDialects(t *testing.T) {
	for _, said := range []string{
		`acoustic: {prefix: /acoustic}`, `acoustic: {prefix: /others/v1}`, `bare: {prefix: /acoustic/v2}`,
		`acoustic: {prefix: /other}, other: {prefix: /acoustic/v1}`,
	} {
		if _, _, err := Parse("test", []byte(bareFile+"dialects: {"+said+"}\n"), fakeEnvironment()); err != nil {
			t.Errorf("%s: %v", said, err)
		}
	}
}

// What a reload can't change stays: where dialects are served. What they call voices does not.
func TestPathsOfDialectsNeedARestart(t *testing.T) {
	parse := func(said string) *Settings {
		s, _, err := Parse("test", []byte(bareFile+"dialects: {"+said+"}\n"), fakeEnvironment())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	running := parse(`acoustic: {prefix: /a, voices: {alloy: narrator}}, other: {enabled: false}`)
	var log strings.Builder
	kept := parse(`acoustic: {root: false, voices: {echo: narrator}}`).KeepFixed(running, zerolog.New(&log))
	if !strings.Contains(log.String(), `"at":"dialects"`) {
		t.Errorf("the log says %s", log.String())
	}
	if len(kept.Dialects) != 2 {
		t.Fatalf("kept %+v", kept.Dialects)
	}
	acoustic, other := kept.Dialects[0], kept.Dialects[1]
	if acoustic.Prefix != "/a" || !acoustic.Root || acoustic.Voices["echo"] != "narrator" || len(acoustic.Voices) != 1 {
		t.Errorf("acoustic is %+v", acoustic)
	}
	if other.Enabled {
		t.Error("what was off is on")
	}
	log.Reset()
	if parse(`acoustic: {prefix: /a, voices: {echo: narrator}}, other: {enabled: false}`).KeepFixed(running, zerolog.New(&log)); log.Len() > 0 {
		t.Errorf("other names of voices: the log says %s", log.String())
	}
}
