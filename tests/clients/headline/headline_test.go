// Package headline_test loses each client's vendor in the middle of a word, and writes into docs/clients.md what each client noticed.
package headline_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/clients/rig"
	"voicerelay/tests/document"
)

var update = flag.Bool("update", false, "write the table of docs/clients.md anew")

const (
	page = "../../../docs/clients.md"
	part = "headline"

	first  = "One two three four five six, seven eight nine ten."
	second = "Eleven twelve one three five seven, nine eleven two four."
	text   = first + " " + second
	rate   = 24000

	// lost is the word in which the vendor is lost, of the first sentence, from 0. pace is how many seconds of audio a second vendors
	// generate: about what real ones do.
	lost = 4
	pace = 4
)

func TestMain(m *testing.M) { rig.Main(m) }

// TestHeadline kills the first of two vendors in the middle of a word, for each client, and fails where a client notices, unless the
// page says that it does.
func TestHeadline(t *testing.T) {
	rig.Need(t)
	rows := make([]*row, len(clients))
	t.Run("clients", func(t *testing.T) {
		for i, c := range clients {
			t.Run(c.name+" "+c.dialect, func(t *testing.T) {
				t.Parallel()
				rows[i] = c.lose(t)
			})
		}
	})
	table := tableOf(rows)
	t.Log("\n" + table)
	if *update {
		write(t, read(t), table)
		return
	}
	was, err := document.Part(read(t), part)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range worse(rows, was) {
		t.Error(what)
	}
}

func read(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, was, table string) {
	t.Helper()
	if t.Failed() || strings.Count(table, "\n| ") != len(clients)+1 {
		t.Fatal("the page is written only where all clients have run")
	}
	conditions := fmt.Sprintf("The text has %d words in two sentences. The vendor is lost in the %dth of them, and can't be reached afterwards. "+
		"Another vendor goes on. Both are\nemulated, and generate %d times as fast as real time. %d clients ran at once on a machine with %d cores.\n\n",
		len(strings.Fields(text)), lost+1, pace, parallel(), runtime.NumCPU())
	filled, err := document.Fill(was, part, conditions+table)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
}

// parallel is how many clients run at once.
func parallel() int {
	n, ok := flag.Lookup("test.parallel").Value.(flag.Getter).Get().(int)
	if !ok {
		return 0
	}
	return n
}

// row is what came of a client.
type row struct {
	client
	rig.Takeover
}

// lose has a client speak through a relay whose first vendor dies.
func (c client) lose(t *testing.T) *row {
	t.Helper()
	r := rig.Start(t, rig.Options{Pace: pace, TLS: c.secured})
	r.KillIn(t, "first", first, lost)
	judged := r.Takeover(c.play(t, r), c.turn, rate, text, c.timed)
	if err := errors.Join(judged.Ended, judged.Heard, judged.Times); err != nil || len(judged.Logged) > 0 {
		t.Logf("%v; the client logged %v", err, judged.Logged)
	}
	return &row{c, judged}
}

// cells are the columns that say yes or no: each word once, times of words, the client's log.
func (r *row) cells() (once, times, log string) {
	once, times, log = "yes", "none in this dialect", "nothing"
	if r.Ended != nil || r.Heard != nil {
		once = "no"
	}
	if r.Times != nil {
		times = "no"
	} else if r.Timed {
		times = fmt.Sprintf("yes, within %d ms", r.Off.Round(time.Millisecond).Milliseconds())
	}
	if n := len(r.Logged); n > 0 {
		log = fmt.Sprintf("%d lines", n)
	}
	return once, times, log
}

func tableOf(rows []*row) string {
	var b strings.Builder
	b.WriteString("| client | protocol | each word once | cut words besides | times of words | longest wait for audio | silence heard | logged |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		if r == nil {
			continue // it could not run here
		}
		once, times, log := r.cells()
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %d ms | %d ms | %s |\n", r.name, r.dialect, once, r.Cuts, times,
			r.Wait.Milliseconds(), r.Silence.Milliseconds(), log)
	}
	return b.String()
}

// worse says where a yes of the page has become a no, or the page has no such line.
func worse(rows []*row, was string) (all []string) {
	for _, r := range rows {
		if r == nil {
			continue // it could not run here
		}
		cells := cellsOf(was, r.client)
		if cells == nil {
			all = append(all, fmt.Sprintf("%s, %s: the page has no such line; run the test with -update", r.name, r.dialect))
			continue
		}
		once, times, log := r.cells()
		if once == "no" && cells[0] == "yes" || times == "no" && strings.HasPrefix(cells[2], "yes") || log != "nothing" && cells[5] == "nothing" {
			all = append(all, fmt.Sprintf("%s, %s: what the page says is no longer so", r.name, r.dialect))
		}
	}
	return all
}

// cellsOf are the page's cells of a client, from its third on; nil: it has none.
func cellsOf(table string, c client) []string {
	_, line, found := strings.Cut(table, fmt.Sprintf("| %s | %s | ", c.name, c.dialect))
	if !found {
		return nil
	}
	line, _, _ = strings.Cut(line, " |\n")
	return strings.Split(line, " | ")
}

func TestPageHasALineForEachClient(t *testing.T) {
	was, err := document.Part(read(t), part)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		if len(cellsOf(was, c)) != columns {
			t.Errorf("%s, %s: the page's table has no line of it; run TestHeadline with -update", c.name, c.dialect)
		}
	}
	if got := strings.Count(was, "\n| ") - 2; got != len(clients) {
		t.Errorf("the page's table has %d lines, want %d", got, len(clients))
	}
}

// columns is how many the table has behind the first two.
const columns = 6

func TestAYesThatHasBecomeANoIsFound(t *testing.T) {
	c := client{name: "one", dialect: "its", timed: true}
	well := &row{c, rig.Takeover{Timed: true}}
	for name, tt := range map[string]struct {
		was, is rig.Takeover
		want    int
	}{
		"as it was":             {rig.Takeover{Timed: true}, rig.Takeover{Timed: true, Off: time.Second, Cuts: 1, Wait: time.Second}, 0},
		"not to its end":        {rig.Takeover{Timed: true}, rig.Takeover{Timed: true, Ended: io.EOF}, 1},
		"a word twice":          {rig.Takeover{Timed: true}, rig.Takeover{Timed: true, Heard: io.EOF}, 1},
		"wrong times":           {rig.Takeover{Timed: true}, rig.Takeover{Timed: true, Times: io.EOF}, 1},
		"a log":                 {rig.Takeover{Timed: true}, rig.Takeover{Timed: true, Logged: make([]rig.Log, 1)}, 1},
		"as badly":              {rig.Takeover{Heard: io.EOF}, rig.Takeover{Heard: io.EOF}, 0},
		"better":                {rig.Takeover{Heard: io.EOF}, rig.Takeover{}, 0},
		"times where none were": {rig.Takeover{}, rig.Takeover{Timed: true}, 0},
	} {
		table := tableOf([]*row{{c, tt.was}})
		if got := worse([]*row{{c, tt.is}, nil}, table); len(got) != tt.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := worse([]*row{well}, tableOf(nil)); len(got) != 1 {
		t.Errorf("no line: got %q", got)
	}
}
