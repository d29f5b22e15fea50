package attack

import (
	"fmt"
	"strings"
)

// sessions are what somebody with a key can say on a connection, but for speech.
func sessions() []attack {
	return []attack{
		{name: "configure, answers unread", does: configureFlood, least: 125, grows: 32},
		{name: "large metadata, answers unread", does: metadataFlood, least: 50, grows: 32},
		{name: "nonsense, answers unread", does: nonsense, least: 125, grows: 32},
		{name: "JSON nested 100,000 deep", does: deepJSON, least: 20, grows: 32},
		{name: "ids of odd characters", does: oddIDs, least: 50, grows: 32},
		{name: "cancels of nothing", does: cancelFlood, least: 125, grows: 32},
		{name: "played times of nothing", does: playedFlood, least: 125, grows: 32},
	}
}

func configureFlood(h *hostile) {
	defaults := `"voice":"narrator","metadata":{"a":"` + strings.Repeat("b", 250) + `"}`
	h.unread(4, 20, text, func(int) string { return `{"type":"configure",` + defaults + `}` })
}

func metadataFlood(h *hostile) {
	metadata := `"metadata":{"a":"` + strings.Repeat(`\u0001`, 8000) + `"}`
	h.unread(4, 2, text, func(i int) string {
		if i%2 == 0 {
			return `{"type":"configure",` + metadata + `}`
		}
		return generate(fmt.Sprint("g", i), `"text":"`+secretText+`",`+metadata)
	})
}

func nonsense(h *hostile) {
	h.unread(4, 20, text, func(i int) string {
		return []string{`{"type":"\u001b[2J"}`, `[]`, `{"type":"generate"}`, `nonsense ` + secretText, `{"type":"ping","id":7}`}[i%5]
	})
}

func deepJSON(h *hostile) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	wide := "{" + strings.Repeat(`"a":{},`, 20_000) + `"b":0}`
	h.flood(4, 20, func(i int) string {
		return generate(fmt.Sprint("g", i), `"text":"Hi.","provider_options":{"well":`+[]string{deep, wide}[i%2]+`}`)
	})
}

func oddIDs(h *hostile) {
	ids := []string{
		`\u001b[31m`, `a\r\nb`, `\u202e`, `../../admin`, `%s%n`, `'; DROP TABLE records; --`, `{{7*7}}`, strings.Repeat("x", 100_000), `\u0000`, "",
	}
	h.flood(4, 100, func(i int) string {
		id := ids[i%len(ids)]
		return []string{
			`{"type":"generate","generation_id":"` + id + `","text":"` + secretText + `"}`,
			`{"type":"generate","generation_id":"g","context_id":"` + id + `","text":"` + secretText + `"}`,
			`{"type":"cancel","generation_id":"` + id + `"}`,
			`{"type":"generate","generation_id":"g","text":"Hi.","voice":"` + id + `","route":"` + id + `"}`,
			`{"type":"ping","id":"` + id + `"}`,
		}[i/len(ids)%5]
	})
}

func cancelFlood(h *hostile) {
	h.flood(4, 500, func(i int) string {
		return []string{`{"type":"cancel","all":true}`, `{"type":"cancel","generation_id":"never"}`, `{"type":"cancel","context_id":"never"}`}[i%3]
	})
}

func playedFlood(h *hostile) {
	var played strings.Builder
	for i := range 500 {
		fmt.Fprintf(&played, `"g%d":%d,`, i, i)
	}
	message := `{"type":"cancel","all":true,"played":{` + played.String() + `"g":1}}`
	h.flood(4, 200, func(int) string { return message })
}
