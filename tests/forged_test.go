package tests

import (
	"fmt"
	"strings"
	"testing"
)

// The checker is what makes the rest of these tests worth anything: here it is fed sequences that no relay may send,
// each a good one but for one line, and must notice every one.

const (
	readyLine = `{"type":"ready","session_id":"s","protocol":"1","formats":["pcm_s16le"],"limits":{"generations_per_minute":60,` +
		`"cancels_per_minute":100,"max_concurrent_generations":16,"max_text_characters":10000,"max_message_bytes":262144,` +
		`"idle_timeout_ms":300000,"buffer_ms":30000,"duplicate_window_ms":3600000}}`
	acceptedLine = `{"type":"accepted","generation_id":"g","record_id":"r"}`
	startedLine  = `{"type":"started","generation_id":"g","provider":"p","model":null,"voice":"v","provider_voice":"1",` +
		`"output":{"encoding":"pcm_s16le","sample_rate":8000},"ignored":[]}`
	timesLine = `{"type":"timestamps","generation_id":"g","source":"provider","words":[` +
		`{"word":"Hi","start_ms":0,"end_ms":100,"char_start":0,"char_end":2},{"word":"you","start_ms":100,"end_ms":200,"char_start":3,"char_end":6}]}`
	attemptPart = `{"provider":"p","model":null,"outcome":"completed","requests":1,"characters":7,"audio_ms":300,` +
		`"cost":{"amount":"0.000270","currency":"EUR","source":"provider"}}`
	usagePart = `"usage":{"characters":7,"audio_ms":300,"recorded":true,"cost":[{"amount":"0.000270","currency":"EUR","source":"provider"}],` +
		`"attempts":[` + attemptPart + `]}`
	doneLine = `{"type":"done","generation_id":"g","record_id":"r","reason":"completed","spoken":{"char":7,"source":"word_times"},` +
		usagePart + `,"timing":{"first_audio_ms":50,"total_ms":90,"rtf":0.3}}`
	spokenLine = `{"type":"spoken","generation_id":"g","spoken":{"char":2,"source":"word_times"}}`
)

// frame is an audio message of n samples at 8 kHz.
func frame(seq, startMS, n int64) string {
	return string(audioText(message{ID: "g", Seq: seq, StartMS: startMS, Samples: n, Audio: make([]byte, 2*n)}))
}

// A line of a sequence begins with its direction. good is a whole conversation.
func good() []string {
	return []string{
		"<" + readyLine,
		`>{"type":"generate","generation_id":"g","text":"Hi you.","word_timestamps":true,"output":{"sample_rate":8000}}`,
		"<" + acceptedLine, "<" + startedLine, "<" + frame(0, 0, 1604), "<" + timesLine, "<" + frame(1, 200, 796),
		`>{"type":"ping","id":"7"}`, `<{"type":"pong","id":"7"}`,
		"<" + doneLine,
		`>{"type":"cancel","generation_id":"g","played_ms":150}`, "<" + spokenLine,
		`>{"type":"append","generation_id":"x","text":"a"}`,
		`<{"type":"error","command":"append","generation_id":"x","code":"unknown_generation","status":404,"message":"m","retryable":false}`,
	}
}

// play runs a sequence and gives the first breach.
func play(lines []string) error {
	c := newContract(false)
	for _, line := range lines {
		var err error
		switch line[0] {
		case '>':
			err = c.sent([]byte(line[1:]))
		case '#': // a binary frame, in hexadecimal of no interest: a whole one follows
			_, err = c.received([]byte(line[1:]), true)
		default:
			_, err = c.received([]byte(line[1:]), false)
		}
		if err != nil {
			return err
		}
	}
	return c.settled()
}

func TestTheCheckerPassesAGoodConversation(t *testing.T) {
	t.Parallel()
	if err := play(good()); err != nil {
		t.Error(err)
	}
}

// replaced puts one text in place of another in the one line that has it.
func replaced(old, by string) func([]string) []string {
	return func(lines []string) []string {
		for i, line := range lines {
			if strings.Contains(line, old) {
				lines[i] = strings.Replace(line, old, by, 1)
				return lines
			}
		}
		panic("no line has " + old) // a mistake in this table
	}
}

// failedMidway has the one attempt fail before the text's end.
func failedMidway(lines []string) []string {
	lines = replaced(`"outcome":"completed"`, `"outcome":"failed","code":"stalled","message":"m"`)(lines)
	return replaced(`"spoken":{"char":7`, `"spoken":{"char":2`)(lines)
}

func without(part string) func([]string) []string {
	return func(lines []string) []string {
		for i, line := range lines {
			if strings.Contains(line, part) {
				return append(lines[:i:i], lines[i+1:]...)
			}
		}
		panic("no line has " + part) // a mistake in this table
	}
}

// after puts lines after the one that has a part.
func after(part string, more ...string) func([]string) []string {
	return func(lines []string) []string {
		for i, line := range lines {
			if strings.Contains(line, part) {
				return append(append(lines[:i+1:i+1], more...), lines[i+1:]...)
			}
		}
		panic("no line has " + part) // a mistake in this table
	}
}

func TestTheCheckerNoticesEveryBreach(t *testing.T) {
	t.Parallel()
	forgeries := map[string]struct {
		forge  func([]string) []string
		breach string // what is said of it begins so
	}{
		// Shapes.
		"unknown type":             {replaced(`"type":"pong"`, `"type":"pongs"`), `unknown type "pongs"`},
		"unknown field":            {replaced(`"type":"pong"`, `"type":"pong","at":1`), `pong: unknown field "at"`},
		"unknown field deep down":  {replaced(`"recorded":true`, `"recorded":true,"more":1`), `done: usage: unknown field "more"`},
		"missing field":            {replaced(`,"ignored":[]`, ``), `started: no field "ignored"`},
		"missing field deep down":  {replaced(`"recorded":true,`, ``), `done: usage: no field "recorded"`},
		"repeated field":           {replaced(`"ignored":[]`, `"ignored":[],"ignored":[]`), `field "ignored" stands there twice`},
		"array that is null":       {replaced(`"ignored":[]`, `"ignored":null`), `started: ignored: want an array, got null`},
		"fraction":                 {replaced(`"audio_ms":300,"recorded"`, `"audio_ms":300.0,"recorded"`), `done: usage: audio_ms: want a whole number, got 300.0`},
		"number as text":           {replaced(`"seq":0`, `"seq":"0"`), `audio: seq: want a whole number, got "0"`},
		"unknown reason":           {replaced(`"reason":"completed"`, `"reason":"finished"`), `done: reason: want one of ["completed" "cancelled" "failed"], go`},
		"unknown source":           {replaced(`"source":"word_times"}`, `"source":"guess"}`), `done: spoken: source: want one of ["word_times" "segment" "estim`},
		"protocol 2":               {replaced(`"protocol":"1"`, `"protocol":"2"`), `ready: protocol: want one of ["1"], got "2"`},
		"missing limit":            {replaced(`"buffer_ms":30000,`, ``), `ready: limits: no field "buffer_ms"`},
		"amount as a number":       {replaced(`"amount":"0.000270","currency":"EUR","source":"provider"}]`, `"amount":0.000270,"currency":"EUR","source":"provider"}]`), `done: usage: cost: [0]: amount: want an amount, got 0.000270`},
		"amount of four decimals":  {replaced(`"amount":"0.000270","currency":"EUR","source":"provider"}]`, `"amount":"0.0002","currency":"EUR","source":"provider"}]`), `done: usage: cost: [0]: amount: want an amount, got "0.0002"`},
		"something after":          {replaced(acceptedLine, acceptedLine+`{}`), `something after the object`},
		"audio in a binary frame":  {replaced("<"+frame(0, 0, 1604), "#"+string(binaryFrame(message{ID: "g", Samples: 1604, Audio: make([]byte, 3208)}))), `audio in the other kind of frame than asked for`},
		"no base64":                {replaced(`"audio":"AAAA`, `"audio":"!AAA`), `audio: illegal base64 data at input byte 0`},
		"command that is no error": {replaced(`"command":"append"`, `"command":"flush"`), `error that answers nothing`},

		// Rule 1.
		"ready twice":               {after(readyLine, "<"+readyLine), `ready must be the first message, and once`},
		"no ready":                  {without(readyLine), `ready must be the first message, and once`},
		"never answered":            {func(l []string) []string { return l[:2] }, `generate "g" was never answered`},
		"never ended":               {without(`"type":"done"`), `spoken of "g", whose state is "started"`},
		"accepted twice":            {after(acceptedLine, "<"+acceptedLine), `record_id "r" is no new one`},
		"ended twice":               {after(`"type":"done"`, "<"+doneLine), `done of "g", whose state is "ended"`},
		"audio after the end":       {after(`"type":"done"`, "<"+frame(2, 300, 80)), `audio of "g", whose state is "ended"`},
		"words after the end":       {after(`"type":"done"`, "<"+timesLine), `timestamps of "g", whose state is "ended"`},
		"accepted, never asked for": {replaced(acceptedLine, `{"type":"accepted","generation_id":"h","record_id":"r"}`), `accepted for generation "h", which was never asked for`},
		"error that answers nothing": {after(readyLine,
			`<{"type":"error","command":"flush","code":"unknown_generation","status":404,"message":"m","retryable":false}`), `error that answers nothing`},
		"spoken without a question": {after(spokenLine, "<"+spokenLine), `spoken answers no cancel with played times`},
		"spoken before the end":     {after(startedLine, "<"+spokenLine), `spoken of "g", whose state is "started"`},
		"pong without a ping":       {after(readyLine, `<{"type":"pong"}`), `pong "", but pings [] are unanswered`},
		"pong of another ping":      {replaced(`<{"type":"pong","id":"7"}`, `<{"type":"pong","id":"8"}`), `pong "8", but pings ["7"] are unanswered`},
		"ping never answered":       {without(`"type":"pong"`), `pings ["7"] and 0 configures were never answered`},
		"configured by itself":      {after(readyLine, `<{"type":"configured","defaults":{"route":"default","speed":1,"output":{"encoding":"pcm_s16le","sample_rate":24000},"word_timestamps":false,"normalize":true}}`), `configured answers no configure`},
		"another record at the end": {replaced(`"type":"done","generation_id":"g","record_id":"r"`, `"type":"done","generation_id":"g","record_id":"q"`), `record_id "q", accepted as "r"`},

		// Rule 2.
		"started twice":            {after(startedLine, "<"+startedLine), `started of "g", whose state is "started"`},
		"audio before started":     {without(`"type":"started"`), `audio of "g", whose state is "accepted"`},
		"words before started":     {after(acceptedLine, "<"+timesLine), `timestamps of "g", whose state is "accepted"`},
		"seq repeated":             {replaced(`"seq":1`, `"seq":0`), `seq 0, want 1`},
		"seq with a gap":           {replaced(`"seq":1`, `"seq":2`), `seq 2, want 1`},
		"frame lost":               {without(`"seq":0`), `word "Hi" ends at 100 ms, but only 0 ms of audio were sent`},
		"start_ms off by one":      {replaced(`"start_ms":200,"samples"`, `"start_ms":201,"samples"`), `start_ms 201 after 1604 samples at 8000 Hz, want 200`},
		"samples wrong":            {replaced(`"samples":796`, `"samples":795`), `795 samples in 1592 bytes of pcm_s16le`},
		"another format":           {replaced(`"encoding":"pcm_s16le","sample_rate":8000},"ignored"`, `"encoding":"mulaw","sample_rate":8000},"ignored"`), `started in mulaw@8000, asked for pcm_s16le@8000`},
		"another rate":             {replaced(`"sample_rate":8000},"ignored"`, `"sample_rate":16000},"ignored"`), `started in pcm_s16le@16000, asked for pcm_s16le@8000`},
		"audio without samples":    {after(`"seq":1`, "<"+frame(2, 300, 0)), `audio without samples`},
		"rerouted from a stranger": {after(`"seq":1`, `<{"type":"rerouted","generation_id":"g","from":"q","to":"p","model":null,"provider_voice":"1","reason":"stalled","resume_char":2,"resume_ms":100,"resume_source":"word_times","ignored":[]}`), `rerouted from q, but p was heard last`},
		"rerouted into the future": {after(`"seq":1`, `<{"type":"rerouted","generation_id":"g","from":"p","to":"q","model":null,"provider_voice":"1","reason":"stalled","resume_char":2,"resume_ms":301,"resume_source":"word_times","ignored":[]}`), `resumed at 301 ms after 300 ms of audio`},

		// Rule 4.
		"word announced early":        {replaced(`"end_ms":200`, `"end_ms":201`), `word "you" ends at 201 ms, but only 200 ms of audio were sent`},
		"word of other text":          {replaced(`"word":"you"`, `"word":"You"`), `word "You", but the text at 3..6 says "you"`},
		"word off by one":             {replaced(`"char_start":3,"char_end":6`, `"char_start":2,"char_end":5`), `word "you", but the text at 2..5 says " yo"`},
		"word beyond the text":        {replaced(`"char_start":3,"char_end":6`, `"char_start":7,"char_end":10`), `word "you" at 7..10 of a text of 7`},
		"word of nothing":             {replaced(`"word":"you","start_ms":100,"end_ms":200,"char_start":3,"char_end":6`, `"word":"","start_ms":100,"end_ms":200,"char_start":3,"char_end":3`), `word "" at 3..3 of a text of 7`},
		"words going back in time":    {replaced(`"start_ms":100,"end_ms":200`, `"start_ms":90,"end_ms":95`), `word "you" at 90..95 ms after one at 0..100 ms`},
		"word ending before it began": {replaced(`"start_ms":100,"end_ms":200`, `"start_ms":100,"end_ms":99`), `word "you" at 100..99 ms after one at 0..100 ms`},
		"word announced twice":        {after(timesLine, "<"+timesLine), `word "Hi" at 0 after one that ended at 6`},
		"words nobody asked for":      {replaced(`"word_timestamps":true`, `"word_timestamps":false`), `timestamps that nobody asked for`},
		"no words":                    {after(`"seq":1`, `<{"type":"timestamps","generation_id":"g","source":"provider","words":[]}`), `timestamps without words`},

		// Usage and timing.
		"audio_ms wrong":              {replaced(`"audio_ms":300,"recorded"`, `"audio_ms":299,"recorded"`), `usage says 299 ms of audio, 300 ms were sent`},
		"characters wrong":            {replaced(`"usage":{"characters":7`, `"usage":{"characters":6`), `usage says 6 characters, 7 were sent`},
		"completed with an error":     {replaced(`"reason":"completed"`, `"reason":"completed","error":{"code":"internal","status":500,"message":"m","retryable":true}`), `reason completed with error`},
		"failed without an error":     {replaced(`"reason":"completed"`, `"reason":"failed"`), `reason failed with error <nil>`},
		"first_audio_ms null":         {replaced(`"first_audio_ms":50`, `"first_audio_ms":null`), `timing with first_audio_ms <nil> and rtf`},
		"rtf wrong":                   {replaced(`"rtf":0.3`, `"rtf":0.31`), `rtf 0.31 for 90 ms over 300.0 ms of audio`},
		"rtf of four decimals":        {replaced(`"rtf":0.3`, `"rtf":0.3002`), `rtf 0.3002 has more than three decimals`},
		"first audio after the end":   {replaced(`"first_audio_ms":50`, `"first_audio_ms":91`), `first audio after 91 ms of 90 ms`},
		"spoken beyond the text":      {replaced(`"spoken":{"char":7`, `"spoken":{"char":8`), `spoken up to 8 of a text of 7`},
		"cost not the sum":            {replaced(`"cost":[{"amount":"0.000270"`, `"cost":[{"amount":"0.000271"`), `cost in EUR is 271/1000000, the attempts' sum is 27/100000`},
		"cost in another currency":    {replaced(`"cost":[{"amount":"0.000270","currency":"EUR"`, `"cost":[{"amount":"0.000270","currency":"USD"`), `cost in USD of source provider, the attempts' are []`},
		"cost of another source":      {replaced(`"EUR","source":"provider"}],`, `"EUR","source":"price_list"}],`), `cost in EUR of source price_list, the attempts' are ["provider"]`},
		"no cost":                     {replaced(`"cost":[{"amount":"0.000270","currency":"EUR","source":"provider"}]`, `"cost":[]`), `cost in EUR is <nil>, the attempts' sum is 27/100000`},
		"misleading nought":           {replaced(`"cost":{"amount":"0.000270","currency":"EUR","source":"provider"}`, `"cost":{"amount":"0.000000","currency":"EUR","source":"unavailable"}`), `cost of source unavailable with amount`},
		"no attempt":                  {replaced(attemptPart, ``), `p was heard, but no attempt says so`},
		"attempt that failed":         {failedMidway, `reason completed, but the last attempt at p failed`},
		"failed attempt without code": {replaced(`"outcome":"completed"`, `"outcome":"failed"`), `attempt at p: outcome failed with code ""`},
		"attempt of unknown code":     {replaced(attemptPart, strings.Replace(attemptPart, `"completed"`, `"failed","code":"tired","message":"m"`, 1)+","+attemptPart), `attempt at p: unknown code "tired"`},
		"attempt of another provider": {replaced(`{"provider":"p","model":null,"outcome"`, `{"provider":"q","model":null,"outcome"`), `p was heard, but no attempt says so`},

		// Errors.
		"unknown code":          {replaced(`"code":"unknown_generation"`, `"code":"unknown_thing"`), `unknown code "unknown_thing"`},
		"wrong status":          {replaced(`"status":404`, `"status":400`), `unknown_generation with status 400, retryable false`},
		"wrongly retryable":     {replaced(`"retryable":false`, `"retryable":true`), `unknown_generation with status 404, retryable true`},
		"empty message":         {replaced(`"message":"m"`, `"message":""`), `unknown_generation says nothing`},
		"code of done":          {replaced(`"code":"unknown_generation","status":404`, `"code":"upstream_rejected","status":422`), `upstream_rejected may stand in done only`},
		"rate without a time":   {replaced(`"code":"unknown_generation","status":404,"message":"m","retryable":false`, `"code":"rate_limit_exceeded","status":429,"message":"m","retryable":true`), `rate_limit_exceeded without retry_after_ms`},
		"first of no duplicate": {replaced(`"retryable":false`, `"retryable":false,"first":{"generation_id":"g","record_id":"r","state":"running"}`), `unknown_generation with first`},
	}
	for name, tt := range forgeries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := play(tt.forge(good())); err == nil || !strings.HasPrefix(err.Error(), tt.breach) {
				t.Errorf("got %v, want %s", err, tt.breach)
			}
		})
	}
}

func TestTheCheckerReadsBinaryFrames(t *testing.T) {
	t.Parallel()
	whole := binaryFrame(message{ID: "g1", Seq: 70000, StartMS: 1 << 20, Samples: 3, Audio: []byte("abcdef")})
	m, err := parseBinary(whole)
	if err != nil || m.ID != "g1" || m.Seq != 70000 || m.StartMS != 1<<20 || m.Samples != 3 || string(m.Audio) != "abcdef" {
		t.Errorf("got %+v, %v", m, err)
	}
	for n := range 17 {
		if _, err := parseBinary(whole[:n]); err == nil {
			t.Errorf("a frame cut to %d bytes passes", n)
		}
	}
	for i := range 2 {
		bad := append([]byte{}, whole...)
		bad[i] = 2
		if _, err := parseBinary(bad); err == nil {
			t.Errorf("byte %d is wrong and the frame passes", i)
		}
	}
}

// A wav begins with its header once; everything else has none.
func TestTheCheckerKnowsWAVHeaders(t *testing.T) {
	t.Parallel()
	head := wavHeader(8000)
	for name, tt := range map[string]struct {
		first, second []byte
		good          bool
	}{
		"good":           {append(head[:44:44], 1, 2), []byte{3, 4}, true},
		"no header":      {[]byte{1, 2}, []byte{3, 4}, false},
		"another rate":   {append(wavHeader(16000), 1, 2), []byte{3, 4}, false},
		"header twice":   {append(head[:44:44], 1, 2), append(head[:44:44], 3, 4), false},
		"header counted": {head, []byte{3, 4}, false},
	} {
		g := &utterance{id: "g", state: started, output: format{"wav", 8000}}
		err := g.received(message{kind: "audio", ID: "g", Samples: 1, Audio: tt.first})
		if err == nil {
			err = g.received(message{kind: "audio", ID: "g", Seq: 1, Samples: 1, Audio: tt.second})
		}
		if (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// G.711's own test values: silence, the ends of the range, and the smallest steps.
func TestG711(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		got, want int16
	}{
		"mulaw silence": {muLaw(0xff), 0}, "mulaw least": {muLaw(0x00), -32124}, "mulaw most": {muLaw(0x80), 32124},
		"mulaw step": {muLaw(0xfe), 8}, "alaw least": {aLaw(0x2a), -32256}, "alaw most": {aLaw(0xaa), 32256},
		"alaw step": {aLaw(0xd5), 8}, "alaw step down": {aLaw(0x55), -8},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %d, want %d", name, tt.got, tt.want)
		}
	}
}

// The table that the checker holds errors against is the protocol's: 22 codes, and what may be tried again.
func TestTheCheckersTableOfCodes(t *testing.T) {
	t.Parallel()
	if n := len(codes); n != 22 {
		t.Errorf("%d codes, want 22", n)
	}
	for code, row := range codes {
		again := row.status == 429 || row.status >= 500
		if row.retryable != again {
			t.Errorf("%s: status %d, retryable %v", code, row.status, row.retryable)
		}
	}
	if got := fmt.Sprint(len(attemptCodes)); got != "12" {
		t.Errorf("%s codes of attempts, want 12", got)
	}
}
