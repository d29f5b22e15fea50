package attack

import "fmt"

// vendors are what a hostile vendor can do, with a tenant that has it speak.
func vendors() []attack {
	return []attack{
		{name: "vendor: times of words without end", does: atTheIll, ill: endlessWords, least: 25, grows: 48},
		{name: "vendor: audio without end", does: atTheIll, ill: endlessAudio, least: 25, grows: 48},
		{name: "vendor: frames of one sample", does: atTheIll, ill: tinyFrames, least: 250, grows: 48},
		{name: "vendor: a sample now and then", does: atTheIll, ill: aSampleNowAndThen, least: 20, grows: 48},
		{name: "vendor: frames of 10 MB", does: atTheIll, ill: hugeFrames, least: 1, grows: 48},
		{name: "vendor: messages that nobody knows", does: atTheIll, ill: strangeMessages, least: 20, grows: 48},
		{name: "vendor: errors to a terminal", does: atTheIll, ill: errorsToATerminal, least: 1, grows: 48},
		{name: "vendor: ends of others' streams", does: atTheIll, ill: contextsOfOthers, least: 25, grows: 48},
	}
}

// atTheIll has the hostile vendor speak, by texts that come again as they fail.
func atTheIll(h *hostile) {
	h.flood(4, 10, func(i int) string {
		return generate(fmt.Sprint("g", i), `"route":"ill","word_timestamps":true,"text":"`+long[:200]+`"`)
	})
}

// programs are what a program can do that speaks by the command adapter.
func programs() []attack {
	return []attack{
		{name: "program: output without end", does: atTheProgram, script: "cat >/dev/null; exec cat /dev/zero", least: 4, grows: 48},
		{name: "program: children that stay", does: atTheProgram, script: "for i in 1 2 3 4; do sleep 60 & done; cat >/dev/null; wait", least: 4, grows: 48},
		{name: "program: errors without end", does: atTheProgram, script: "while :; do echo " + secretText + " >&2; done", least: 4, grows: 48},
	}
}

func atTheProgram(h *hostile) {
	h.flood(2, 10, func(i int) string { return generate(fmt.Sprint("g", i), `"route":"local","text":"`+long[:100]+`"`) })
}
