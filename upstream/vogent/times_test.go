package vogent

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

// hello is what most shapes below say.
var hello = []wordTime{{"Hello", 0, 320 * ms}, {"there", 350 * ms, 600 * ms}}

func TestShapesOfWordTimes(t *testing.T) {
	for member, want := range map[string][]wordTime{
		// Lists of words, in seconds and in milliseconds, with every kind of name.
		`"timestamps":[{"word":"Hello","start":0,"end":0.32},{"word":"there","start":0.35,"end":0.6}]`:                             hello,
		`"words":[{"word":"Hello","start":0,"end":320},{"word":"there","start":350,"end":600}]`:                                    hello,
		`"words":[{"text":"Hello","startTime":0,"endTime":0.32},{"text":"there","startTime":0.35,"endTime":0.6}]`:                  hello,
		`"words":[{"word":"Hello","start_time":0,"end_time":0.32},{"word":"there","start_time":0.35,"end_time":0.6}]`:              hello,
		`"words":[{"word":"Hello","startMs":0,"endMs":320},{"word":"there","startMs":350,"endMs":600}]`:                            hello,
		`"words":[{"word":"Hello","start_ms":0,"duration_ms":320},{"word":"there","start_ms":350,"duration_ms":250}]`:              hello,
		`"words":[{"token":"Hello","begin":0,"length":0.32},{"token":"there","begin":0.35,"length":0.25}]`:                         hello,
		`"words":[{"word":"Hello","from":0,"to":0.32,"confidence":0.9},{"word":"there","from":0.35,"to":0.6,"confidence":1}]`:      hello,
		`"timestamps":[["Hello",0,0.32],["there",0.35,0.6]]`:                                                                       hello,
		`"words":[{"word":"there","start":0.35,"end":0.6},{"word":" Hello ","start":0,"end":0.32},{"word":" ","start":1,"end":2}]`: hello,
		// One list for each member.
		`"timestamps":{"words":["Hello","there"],"start":[0,0.35],"end":[0.32,0.6]}`:                                       hello,
		`"timestamps":{"words":["Hello","there"],"starts":[0,350],"ends":[320,600]}`:                                       hello,
		`"timestamps":{"words":["Hello","there"],"word_start_times_seconds":[0,0.35],"word_end_times_seconds":[0.32,0.6]}`: hello,
		`"timestamps":{"words":["Hello","there","lost"],"wordStartTimesMs":[0,350,700],"wordDurationsMs":[320,250]}`:       hello,
		// One word, and words further inside.
		`"timestamp":{"word":"Hello","start":0,"end":0.32}`:                              hello[:1],
		`"word":"Hello","start":0,"end":0.32`:                                            hello[:1],
		`"data":{"id":7,"words":[{"word":"Hello","start":0,"end":320}]}`:                 hello[:1],
		`"result":{"alignment":{"items":[{"word":"Hello","start":0.0,"end":0.32}]}}`:     hello[:1],
		`"words":[{"word":"Hi","start":0.5,"end":0.5},{"word":"a","start":8.5,"end":9}]`: {{"Hi", 500 * ms, 500 * ms}, {"a", 8500 * ms, 9 * time.Second}},
		`"words":[{"word":"a","start":601,"end":604}]`:                                   {{"a", 601 * ms, 604 * ms}},
		// What can't be relied on.
		`"words":[{"word":"a","start":-1,"end":1},{"word":"b","start":2,"end":1},{"word":"c","start":1,"end":1e300}]`: nil,
		`"words":[{"word":"a","start":"0","end":"1"},{"word":"b","start":1},{"word":3,"start":1,"end":2}]`:            nil,
		`"words":["Hello","there"]`:                       nil,
		`"usage":{"characters":12,"seconds":0.6}`:         nil,
		`"words":null`:                                    nil,
		`"a":{"a":{"a":{"a":{"a":["x",0,1]}}}}`:           nil,
		`"words":[["Hello",0,0.32,1],["there",0.35]]`:     nil,
		`"words":[{"word":"a","startSec":1e4,"end":2e4}]`: nil,
	} {
		got := wordTimes([]byte(`{"type":"timestamp","generationId":"g1",` + member + `}`))
		near := func(a, b wordTime) bool {
			return a.text == b.text && (a.start-b.start).Abs() < ms && (a.end-b.end).Abs() < ms
		}
		if !slices.EqualFunc(got, want, near) {
			t.Errorf("%s:\ngot  %v\nwant %v", member, got, want)
		}
	}
}

// FuzzWordTimes gives the search any bytes: what it finds must be words of a piece, in order.
func FuzzWordTimes(f *testing.F) {
	f.Add([]byte(`{"timestamps":[{"word":"a","start":0,"end":0.32},["b",1,2]]}`))
	f.Add([]byte(`{"t":{"words":["a","b"],"start":[1e308,2],"end":[1e308]}}`))
	f.Add([]byte(`{"":[[[[[[]]]]]],"word":"a","startMs":-0,"duration":1e-320}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := time.Duration(0)
		for _, w := range wordTimes(data) {
			if w.text == "" || w.start < last || w.end < w.start || w.end > longestPiece*time.Second {
				t.Errorf("%q: got %+v after %v", data, w, last)
			}
			last = w.start
		}
	})
}

func BenchmarkWordTimes(b *testing.B) {
	frame := []byte(`{"type":"timestamp","generationId":"g1","timestamps":[`)
	for i := range 40 {
		frame = fmt.Appendf(frame, `{"word":"word%d","start":%g,"end":%g},`, i, float64(i)*0.3, float64(i)*0.3+0.25)
	}
	frame = append(frame[:len(frame)-1], `]}`...)
	b.ReportAllocs()
	for b.Loop() {
		if len(wordTimes(frame)) != 40 {
			b.Fatal("not 40 words")
		}
	}
}
