package tests

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// A target that does not speak the language asked for is passed over. Where none is asked for, the configuration's voice is
// taken at its word.
func TestTargetsOfOtherLanguagesArePassedOver(t *testing.T) {
	t.Parallel()
	urdu, other := emulateBy(t, "uplift", emulator.Options{}), emulate(t, emulator.Options{})
	c := serve(t, speaksBy([]string{"urdu", "other"}, map[string]*vendor{"urdu": urdu, "other": other})).dial(t)
	for id, tt := range map[string]struct{ language, want string }{
		"english": {"en", "other"}, "german": {"de-AT", "other"}, "urdu": {"ur", "urdu"}, "pakistani": {"UR-PK", "urdu"},
	} {
		c.send(j{"type": "generate", "generation_id": id, "text": twelve, "language": tt.language})
		m := c.completed(id)
		if got := c.started(id).Provider; got != tt.want || len(m.Usage.Attempts) != 1 {
			t.Errorf("%s was spoken by %s in %d attempts, want %s in one", id, got, len(m.Usage.Attempts), tt.want)
		}
	}
	c.send(j{"type": "generate", "generation_id": "unasked", "text": twelve})
	c.completed("unasked")
	if got := c.started("unasked").Provider; got != "urdu" {
		t.Errorf("without a language %s spoke, want urdu, which is first", got)
	}
	c.send(j{"type": "configure", "language": "en", "route": "urdu"}) // another generate may name another route
	c.await("configured", func(m message) bool { return m.kind == "configured" })
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "nobody", "text": twelve})
	c.refusal(mark, "no_provider_available")
}
