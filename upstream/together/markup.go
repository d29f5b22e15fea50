package together

import "strings"

// modelMarkup are the tags that a model knows, if it does any: those of Orpheus are sounds. Other models read tags aloud.
func modelMarkup(model string) ([]string, bool) {
	if !strings.Contains(model, "orpheus") {
		return nil, false
	}
	return []string{"chuckle", "cough", "gasp", "groan", "laugh", "sigh", "sniffle", "yawn"}, true
}
