package config

import "testing"

func TestLanguageOfAVoice(t *testing.T) {
	for tag, want := range map[string]bool{
		"en": true, "zh-Hant-TW": true, "es-419": true,
		"en_US": false, "e": false, "en-": false, "12": false,
	} {
		if got := isLanguage(tag); got != want {
			t.Errorf("isLanguage(%q) = %t, want %t", tag, got, want)
		}
	}
}
