package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// help plays a helper's part: it speaks into the ledger that its part names until it is killed, and tells on
// standard output what is on the disk. Only a fault ends it.
func help(part string) {
	run, file, _ := strings.Cut(part, " ")
	l, err := Open(context.Background(), Config{Path: file, Prices: prices(), Log: zerolog.Nop()})
	if err != nil {
		fmt.Println("fault", err)
		return
	}
	failed := make(chan error)
	for i := range 8 {
		go func() {
			for n := 0; ; n++ {
				if err := helpSpeak(l, fmt.Sprintf("%s-%d-%06d", run, i, n)); err != nil {
					failed <- err
				}
			}
		}()
	}
	fmt.Println("fault", <-failed)
}

// helpSpeak is one generation. Its progress is on its way to the disk before a second entry, of which nothing more
// is heard, has got there.
func helpSpeak(l *Ledger, id string) error {
	ctx := context.Background()
	r := entry(id, "acme", time.Now())
	if err := l.Admit(ctx, r); err != nil {
		return err
	}
	fmt.Println("admitted", id)
	r = finished(r)
	running := r.Attempts[1]
	running.Outcome, running.EndedAt, running.Cost = "", time.Time{}, billing.Cost{}
	l.Progress(billing.Progress{RecordID: id, Number: 0, Attempt: running})
	if err := l.Admit(ctx, entry(id+"-b", "beta", time.Now())); err != nil {
		return err
	}
	fmt.Println("progressed", id)
	if err := l.Close(ctx, r); err != nil {
		return err
	}
	fmt.Println("closed", id)
	return nil
}

// prices has one for each second, and one for each character.
func prices() *billing.PriceList {
	list, err := billing.NewPriceList([]billing.Price{
		{Provider: "oak", Unit: billing.AudioSecond, Amount: "0.0014", Currency: "EUR"},
		{Provider: "elm", Unit: billing.Character, Amount: "0.00001", Currency: "USD"},
	})
	if err != nil {
		panic(err) // constants
	}
	return list
}

// helper starts a process that plays a part, and gives its output.
func helper(t *testing.T, run, file string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+run+" "+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// killed runs a helper until it has told so many lines, and kills it. It returns all that it told: by id, the last.
func killed(t *testing.T, run, file string, lines int, told map[string]string) {
	t.Helper()
	cmd, out := helper(t, run, file)
	for n := 0; out.Scan(); n++ {
		state, id, _ := strings.Cut(out.Text(), " ")
		if state == "fault" {
			t.Fatalf("helper: %s", id)
		}
		told[id] = state
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the helper ended by itself")
	}
}

// What a process told to be on the disk is there after it was killed at any moment, once, and nothing else is.
func TestKilledProcessLosesNothing(t *testing.T) {
	rounds := 10
	if testing.Short() || raced {
		rounds = 3
	}
	file := path(t)
	told := make(map[string]string)
	for i := range rounds {
		killed(t, fmt.Sprintf("run%02d", i), file, rand.IntN(300), told)
		mustBeSound(t, file)
	}
	l := mustOpen(t, Config{Path: file, Prices: prices(), Log: zerolog.Nop()})
	found := make(map[string]billing.Record)
	for _, r := range records(t, l) {
		if _, twice := found[r.ID]; twice {
			t.Errorf("%s is recorded twice", r.ID)
		}
		found[r.ID] = r
	}
	for id, state := range told {
		checkTold(t, id, state, found)
	}
	mustStop(t, l)
	if v := mustBeSound(t, file); v.Open != 0 {
		t.Errorf("%d records are still open", v.Open)
	}
	t.Logf("%d generations told, %d records", len(told), len(found))
}

func checkTold(t *testing.T, id, state string, found map[string]billing.Record) {
	t.Helper()
	r, ok := found[id]
	switch {
	case !ok:
		t.Errorf("%s was %s, and has no record", id, state)
	case state == "closed" && r.Outcome != billing.Completed:
		t.Errorf("%s was closed, and is %s", id, r.Outcome)
	case r.Outcome == billing.Interrupted && state == "progressed":
		want := billing.Cost{Money: billing.Money{Micros: 4000, Currency: "EUR"}, Source: billing.FromPriceList, Estimated: true}
		if len(r.Attempts) != 1 || r.Attempts[0].Outcome != billing.Interrupted || r.Attempts[0].Cost != want {
			t.Errorf("%s was interrupted with attempts %+v, want one at %+v", id, r.Attempts, want)
		}
	}
	if second, ok := found[id+"-b"]; state != "admitted" && (!ok || second.Outcome != billing.Interrupted) {
		t.Errorf("%s-b was left open, and is %q", id, second.Outcome)
	}
}

// Reports and checks work beside a relay that writes, and another relay is kept out.
func TestBesideARunningRelay(t *testing.T) {
	file := path(t)
	cmd, out := helper(t, "run", file)
	defer func() {
		_ = cmd.Process.Kill() // it runs until then
		for out.Scan() {       // what it still told
		}
		_ = cmd.Wait() // says that it was killed
	}()
	closed := make(map[string]bool)
	for len(closed) < 50 && out.Scan() {
		if id, ok := strings.CutPrefix(out.Text(), "closed "); ok {
			closed[id] = true
		}
	}
	if _, err := Open(t.Context(), Config{Path: file, Log: zerolog.Nop()}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second relay opens with %v, want %v", err, ErrLocked)
	}
	r, err := OpenReader(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records(t, r) {
		delete(closed, record.ID)
	}
	if len(closed) > 0 {
		t.Errorf("%d closed records are not seen from beside", len(closed))
	}
	mustBeSound(t, file)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
