package kugelaudio

import (
	"strings"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// take adds text to the context's buffer. Whole sentences are spoken without a flush.
// Text is joined as it comes, without a separator: clients send the spaces (KugelAudio's docs, Stream input). An empty text is
// the keep-alive.
func (k *speechContext) take(text string) {
	if text == "" {
		k.conn.server.Stream(k.index, func(s *engine.Stream) { s.KeepAlives++ })
		return
	}
	if fault, code := k.refusal(text); code != "" {
		k.fail(code, fault)
		return
	}
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
	k.mu.Lock()
	k.buffer += text
	var sentences []string
	for {
		sentence, rest := engine.FirstSentence(k.buffer)
		if sentence == "" {
			break
		}
		k.buffer = rest
		sentences = append(sentences, strings.TrimSpace(sentence))
	}
	k.mu.Unlock()
	for _, sentence := range sentences {
		k.push(job{kind: jobSay, text: sentence})
	}
}

// refusal is why a text can't be spoken; an empty code: it can.
// A voice is required, and on /ws/tts/multi it has to be in voice_settings; it is missed at the first text that can be spoken,
// not at the space that creates the context.
func (k *speechContext) refusal(text string) (fault, code string) {
	k.mu.Lock()
	length := utf8.RuneCountInString(k.buffer) + utf8.RuneCountInString(text)
	k.mu.Unlock()
	switch {
	case strings.TrimSpace(text) != "" && k.voice == nil:
		return "", "MISSING_VOICE_ID"
	case k.voice != nil && !knownVoice(*k.voice):
		return "", "NOT_FOUND"
	case length > maxText:
		return tooLong, "VALIDATION_ERROR"
	}
	return "", ""
}

// flush speaks what is buffered, and marks the end of it.
func (k *speechContext) flush() {
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Flushes++ })
	k.flushInto()
	k.push(job{kind: jobFinal})
}

func (k *speechContext) flushInto() {
	k.mu.Lock()
	text := strings.TrimSpace(k.buffer)
	k.buffer = ""
	k.mu.Unlock()
	if text != "" {
		k.push(job{kind: jobSay, text: text})
	}
}
