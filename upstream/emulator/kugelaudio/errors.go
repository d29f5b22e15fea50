package kugelaudio

// errorTable are the vendor's error codes with their numbers and texts.
// The codes and numbers are those of KugelAudio's docs, Errors; the texts are mostly the emulator's own, since clients must not
// read them. EMPTY_AUDIO is in the SDKs' lists only, and its number is an assumption.
func errorTable() map[string]struct {
	number int
	text   string
} {
	type e = struct {
		number int
		text   string
	}
	return map[string]e{
		"VALIDATION_ERROR":     {400, "Invalid request"},
		"MISSING_VOICE_ID":     {400, "voice_id is required"},
		"UNAUTHORIZED":         {401, "Invalid API key"},
		"INSUFFICIENT_CREDITS": {402, "Insufficient credits"},
		"NOT_FOUND":            {404, "Voice not found"},
		"RATE_LIMITED":         {429, "Rate limit exceeded"},
		"TOO_MANY_CONTEXTS":    {429, "Too many contexts"},
		"INTERNAL_ERROR":       {500, "Audio generation failed"},
		"MODEL_UNAVAILABLE":    {503, "Model unavailable"},
		"EMPTY_AUDIO":          {500, "No audio was generated"},
	}
}

// tooLong is the one validation error with a number of its own.
// The reference gives 413 for a text over the limit of the model or plan; an older edition of it gave 429 and RATE_LIMITED.
const tooLong = "text is too long"
