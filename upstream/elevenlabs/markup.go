package elevenlabs

import "voicerelay/text"

// breaks are the tags of most models, phonemes those of the few that know phonemes as well.
var (
	breaks   = []string{"break"}
	phonemes = []string{"break", "phoneme"}
)

// modelMarkup are the tags of models that differ from most: the third generation has audio tags in the place of SSML, and
// phonemes are for the older models of English alone.
func modelMarkup(model string) ([]string, bool) {
	switch {
	case hasDialogue(model):
		return []string{text.AudioTags}, true
	case model == "eleven_flash_v2", model == "eleven_turbo_v2", model == "eleven_monolingual_v1":
		return phonemes, true
	}
	return nil, false
}
