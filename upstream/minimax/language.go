package minimax

import (
	"maps"
	"slices"
	"strings"
)

// languages are the vendor's names for language_boost, by primary subtags (its documentation of language_boost).
var languages = map[string]string{
	"af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
	"en": "English", "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fil": "Filipino", "fr": "French", "he": "Hebrew", "hi": "Hindi",
	"hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "ms": "Malay",
	"nb": "Norwegian", "nl": "Dutch", "nn": "Nynorsk", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
	"ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish", "ta": "Tamil", "th": "Thai", "tl": "Filipino", "tr": "Turkish",
	"uk": "Ukrainian", "vi": "Vietnamese", "yue": "Chinese,Yue", "zh": "Chinese",
}

// known are the subtags of languages, in their order.
func known() []string { return slices.Sorted(maps.Keys(languages)) }

// boost is the vendor's name of a BCP 47 tag's language; empty: the vendor finds out by itself. Cantonese is often tagged
// as Chinese of Hong Kong.
func boost(tag string) string {
	tag = strings.ToLower(tag)
	if tag == "zh-hk" {
		tag = "yue"
	}
	primary, _, _ := strings.Cut(tag, "-")
	if name, ok := languages[primary]; ok {
		return name
	}
	if primary == "" {
		return ""
	}
	return "auto"
}
