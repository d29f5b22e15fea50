package rime

import (
	"net/url"
	"slices"
	"strconv"

	"voicerelay/upstream/emulator/engine"
)

// ws3Settings are what an address asks for. They hold for the connection: another setting needs another socket.
type ws3Settings struct {
	format  engine.OutputFormat
	speed   float64
	segment string // what is spoken without a flush: bySentence, immediate, or never: nothing
	times   bool
}

// settingsOf are an address's, or what is wrong with it.
// An unknown modelId is no error: it silently becomes a Mist model. Word times come in English and Spanish, and where no language
// is named (Rime's docs).
func settingsOf(query url.Values) (s ws3Settings, wrong string) {
	s = ws3Settings{speed: 1, segment: "bySentence"}
	if segment := query.Get("segment"); segment != "" {
		s.segment = segment
	}
	if !slices.Contains([]string{"bySentence", "immediate", "never"}, s.segment) {
		return s, "Invalid segment"
	}
	rate := 24000
	if text := query.Get("samplingRate"); text != "" {
		rate, _ = strconv.Atoi(text) // 0 is no rate
	}
	if !slices.Contains([]int{8000, 16000, 22050, 24000, 32000, 44100, 48000}, rate) {
		return s, "Invalid samplingRate"
	}
	switch format := query.Get("audioFormat"); {
	case format == "" || format == "pcm":
		s.format = engine.NewOutputFormat("pcm", rate, 0)
	case format == "mulaw":
		s.format = engine.NewOutputFormat("ulaw", rate, 0)
	case format == "mp3" && rate >= 16000:
		s.format = engine.NewOutputFormat("mp3", rate, 64)
	default:
		return s, "Invalid audioFormat"
	}
	if text := query.Get("timeScaleFactor"); text != "" {
		scale, err := strconv.ParseFloat(text, 64)
		if err != nil || !(scale >= 0.1 && scale <= 10) {
			return s, "Invalid timeScaleFactor"
		}
		s.speed = 1 / scale
	}
	s.times = slices.Contains([]string{"", "en", "eng", "es", "spa"}, query.Get("lang"))
	return s, ""
}
