package server

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// generate is a generate message with further fields.
func generate(id, text, more string) string {
	return fmt.Sprintf(`{"type":"generate","generation_id":%q,"text":%q%s}`, id, text, more)
}

func TestGenerationSpeaksItsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		if got := c.next().kind(); got != "ready" {
			t.Fatalf("first message: got %s, want ready", got)
		}
		c.send(generate("g1", relaytest.TwelveWords, ""))
		done, before := c.until("done")
		kinds := kindsOf(before)
		if !strings.HasPrefix(kinds, "accepted started audio") {
			t.Errorf("messages: got %s", kinds)
		}
		if done["reason"] != "completed" {
			t.Errorf("reason: got %v, want completed", done["reason"])
		}
		if got := f.Spoken(); got != relaytest.TwelveWords {
			t.Errorf("vendor got %q, want the text", got)
		}
		usage := done["usage"].(map[string]any)
		wantMS := float64(len(relaytest.TwelveWords) * 50)
		if usage["audio_ms"] != wantMS {
			t.Errorf("audio_ms: got %v, want %v", usage["audio_ms"], wantMS)
		}
		cost := usage["cost"].([]any)[0].(map[string]any)
		if cost["amount"] != "0.001800" || cost["source"] != "provider" {
			t.Errorf("cost: got %v", cost)
		}
		if spoken := done["spoken"].(map[string]any); spoken["char"] != float64(len(relaytest.TwelveWords)) || spoken["source"] != "word_times" {
			t.Errorf("spoken: got %v", spoken)
		}
	})
}

func kindsOf(events []event) string {
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, e.kind())
	}
	return strings.Join(kinds, " ")
}

func TestFailureBeforeAudioGoesToTheNextTarget(t *testing.T) {
	failure := &upstream.Error{Kind: upstream.UpstreamError, Code: "INTERNAL_ERROR", Message: "vendor fault"}
	tests := map[string]struct {
		first *relaytest.FakeProvider
		code  string
	}{
		"refused":    {&relaytest.FakeProvider{Refuse: &upstream.Error{Kind: upstream.ConnectFailed, Message: "refused"}}, "connect_failed"},
		"silent":     {&relaytest.FakeProvider{Silent: true}, "first_audio_timeout"},
		"empty end":  {&relaytest.FakeProvider{Mute: true}, "no_audio"},
		"late":       {&relaytest.FakeProvider{First: time.Minute}, "first_audio_timeout"},
		"error":      {&relaytest.FakeProvider{Refuse: failure}, "upstream_error"},
		"throttled":  {&relaytest.FakeProvider{Refuse: &upstream.Error{Kind: upstream.Throttled, Message: "slow down"}}, "throttled"},
		"unknown":    {&relaytest.FakeProvider{Refuse: context.DeadlineExceeded}, "upstream_error"},
		"wrong key":  {&relaytest.FakeProvider{Refuse: &upstream.Error{Kind: upstream.AuthFailed, Message: "key refused"}}, "auth_failed"},
		"no balance": {&relaytest.FakeProvider{Refuse: &upstream.Error{Kind: upstream.NoCredit, Message: "spent"}}, "no_credit"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.first.Caps = relaytest.NewFake().Caps
				second := relaytest.NewFake()
				pace := routing.DefaultPace()
				pace.HedgeAfter = 0
				c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": test.first, "beta": second}).dial("")
				c.send(generate("g1", relaytest.TwelveWords, `,"word_timestamps":true`))
				started, before := c.until("started")
				if kinds := kindsOf(before); strings.Contains(kinds, "timestamps") {
					t.Errorf("before started: got %s", kinds)
				}
				done, _ := c.until("done")
				if started["provider"] != "beta" || done["reason"] != "completed" {
					t.Errorf("got %v by %v, want completed by beta", done["reason"], started["provider"])
				}
				attempts := done["usage"].(map[string]any)["attempts"].([]any)
				if len(attempts) != 2 {
					t.Fatalf("attempts: got %d, want 2", len(attempts))
				}
				if first := attempts[0].(map[string]any); first["code"] != test.code || first["outcome"] != "failed" {
					t.Errorf("first attempt: got %v, want %s", first, test.code)
				}
				if second.Spoken() != relaytest.TwelveWords {
					t.Errorf("second vendor got %q", second.Spoken())
				}
			})
		})
	}
}

func TestEveryTargetFails(t *testing.T) {
	tests := map[string]struct {
		kinds []upstream.Kind
		code  string
	}{
		"failed":        {[]upstream.Kind{upstream.ConnectFailed, upstream.UpstreamError}, "upstream_failed"},
		"timeout last":  {[]upstream.Kind{upstream.UpstreamError, upstream.FirstAudioTimeout}, "upstream_timeout"},
		"all rejected":  {[]upstream.Kind{upstream.Rejected, upstream.Rejected}, "upstream_rejected"},
		"some rejected": {[]upstream.Kind{upstream.Rejected, upstream.Throttled}, "upstream_failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				providers, order := fakes{}, []string{}
				for i, kind := range test.kinds {
					f := relaytest.NewFake()
					f.Refuse = &upstream.Error{Kind: kind, Message: "no"}
					order = append(order, fmt.Sprint("p", i))
					providers[order[i]] = f
				}
				c := newRig(t, Config{}, order, providers).dial("")
				c.send(generate("g1", relaytest.TwelveWords, ""))
				done, before := c.until("done")
				if kinds := kindsOf(before); strings.Contains(kinds, "started") {
					t.Errorf("messages: got %s, want no started", kinds)
				}
				if failure := done["error"].(map[string]any); failure["code"] != test.code {
					t.Errorf("error: got %v, want %s", failure, test.code)
				}
			})
		})
	}
}

func TestFaultAfterAudioEndsFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.FailAt, f.Failure = 5, &upstream.Error{Kind: upstream.Dropped, Message: "socket closed"}
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		done, before := c.until("done")
		if got := strings.Count(kindsOf(before), "audio"); got != 5 {
			t.Errorf("audio messages: got %d, want all 5 that came", got)
		}
		if done["reason"] != "failed" || done["error"].(map[string]any)["code"] != "upstream_failed" {
			t.Errorf("done: got %v", done)
		}
	})
}

func TestCancelStopsAudioAndTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("audio")
		c.send(`{"type":"cancel","generation_id":"g1"}`)
		done, _ := c.until("done")
		if done["reason"] != "cancelled" {
			t.Errorf("reason: got %v, want cancelled", done["reason"])
		}
		c.send(`{"type":"ping","id":"after"}`)
		if got := c.next().kind(); got != "pong" {
			t.Errorf("after done: got %s, want only the pong", got)
		}
		synctest.Wait()
		if causes := f.Causes(); len(causes) != 1 || causes[0] == nil {
			t.Errorf("vendor's stream closed with %v, want one cause", causes)
		}
		attempt := done["usage"].(map[string]any)["attempts"].([]any)[0].(map[string]any)
		if attempt["outcome"] != "cancelled" {
			t.Errorf("attempt: got %v", attempt)
		}
	})
}

func TestCancelReachesAudioThatOnlyWaitsForTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		c.send(generate("first", relaytest.TwelveWords, `,"final":false,"context_id":"turn"`))
		c.send(generate("second", relaytest.TwelveWords, `,"context_id":"turn"`))
		c.send(`{"type":"flush","generation_id":"first"}`)
		synctest.Wait() // the second is synthesized whole and waits for its turn
		c.send(`{"type":"cancel","generation_id":"second","played_ms":0}`)
		for {
			e := c.next()
			if e["generation_id"] == "second" && e.kind() == "audio" {
				t.Fatal("audio of the second generation before its turn")
			}
			if e["generation_id"] == "second" && e.kind() == "done" {
				if e["reason"] != "cancelled" || e["spoken"].(map[string]any)["char"] != float64(0) {
					t.Errorf("second: got %v", e)
				}
				return
			}
		}
	})
}

func TestContextSpeaksInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 10 * time.Millisecond
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		for _, id := range []string{"a", "b", "c"} {
			c.send(generate(id, relaytest.TwelveWords, `,"context_id":"turn"`))
		}
		var order []string
		for done := 0; done < 3; {
			e := c.next()
			if id, ok := e["generation_id"].(string); ok && e.kind() != "accepted" {
				if len(order) == 0 || order[len(order)-1] != id {
					order = append(order, id)
				}
			}
			if e.kind() == "done" {
				done++
			}
		}
		if got := strings.Join(order, ""); got != "abc" {
			t.Errorf("order of messages: got %s, want abc", got)
		}
	})
}

func TestNothingToSpeakIsDoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		for i, text := range []string{"", "  ", "?!", "👍"} {
			c.send(generate(fmt.Sprint("g", i), text, ""))
			done, before := c.until("done")
			usage := done["usage"].(map[string]any)
			if done["reason"] != "completed" || len(usage["attempts"].([]any)) != 0 || len(usage["cost"].([]any)) != 0 {
				t.Errorf("%q: got %v", text, done)
			}
			if kinds := kindsOf(before); !strings.HasSuffix(kinds, "accepted") {
				t.Errorf("%q: messages %s", text, kinds)
			}
		}
	})
}

func TestOpenTextIsFinishedWhenItIdles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		began := time.Now()
		c.send(generate("g1", "Half a thought", `,"final":false`))
		done, _ := c.until("done")
		if took := time.Since(began); took < time.Minute || took > 70*time.Second {
			t.Errorf("finished after %v, want a minute", took)
		}
		if done["reason"] != "completed" {
			t.Errorf("reason: got %v", done["reason"])
		}
	})
}

func TestPauseOfTheTextIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g1", "This sentence is here. And", `,"final":false`))
		c.until("audio")
		time.Sleep(10 * time.Second)
		c.send(`{"type":"append","generation_id":"g1","text":" this one comes late.","final":true}`)
		done, _ := c.until("done")
		if done["reason"] != "completed" || len(f.Causes()) != 1 {
			t.Errorf("got %v after %d streams", done["reason"], len(f.Causes()))
		}
	})
}

func TestPlayedTimesSayWhatWasHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("done")
		// "One two three" ends with the 13th character: 650 ms.
		for played, want := range map[int]float64{0: 0, 150: 3, 649: 7, 650: 13, 700: 13, 100000: 63} {
			c.send(fmt.Sprintf(`{"type":"cancel","generation_id":"g1","played_ms":%d}`, played))
			got := c.next()
			if spoken := got["spoken"].(map[string]any); got.kind() != "spoken" || spoken["char"] != want {
				t.Errorf("played %d ms: got %v, want char %v", played, got, want)
			}
		}
	})
}

func TestDisconnectStopsEveryVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = time.Second
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		for i := range 5 {
			c.send(generate(fmt.Sprint("g", i), relaytest.TwelveWords, ""))
		}
		c.until("audio")
		if err := c.conn.CloseNow(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := f.StreamsOpen(); got != 0 {
			t.Errorf("streams open after the client left: %d", got)
		}
	})
}

func TestStalledClientEndsAloneAndLosesNothingForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		cfg := Config{}
		cfg.Local.Limits = limits.Default()
		cfg.Local.Limits.WriteTimeout = 5 * time.Second
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": f})
		stalled, well := r.dial(""), r.dial("")
		stalled.send(generate("g1", relaytest.TwelveWords, "")) // and reads nothing
		well.send(generate("g1", relaytest.TwelveWords, ""))
		if done, _ := well.until("done"); done["reason"] != "completed" {
			t.Errorf("neighbor: got %v", done["reason"])
		}
		time.Sleep(10 * time.Second)
		if got := r.srv.current(); len(got) != 1 {
			t.Errorf("sessions: got %d, want the stalled one gone", len(got))
		}
	})
}

// A client that has taken nothing for too long, and takes bytes again a moment later, hears why it is left.
func TestStalledClientIsToldWhyItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		r := newRig(t, quick(func(l *limits.Config) { l.WriteTimeout = 5 * time.Second }), []string{"alpha"}, fakes{"alpha": f})
		stalled := r.dial("")
		stalled.send(generate("g1", relaytest.TwelveWords, ""))
		time.Sleep(5*time.Second + delivery.CloseFramePatience/2)
		if got := f.StreamsOpen(); got != 0 {
			t.Errorf("%d streams are open for a client that takes nothing", got)
		}
		if got := stalled.closeStatus(); got != delivery.ClosePolicy {
			t.Errorf("closed with %d, want 1008", got)
		}
	})
}

func TestDrainLetsRunningGenerationsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		busy, idle := r.dial(""), r.dial("")
		busy.send(generate("g1", relaytest.TwelveWords, ""))
		busy.until("audio")
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			r.srv.Drain(context.Background(), 20*time.Second)
		}()
		idle.until("draining")
		if got := idle.closeStatus(); got != 1001 {
			t.Errorf("idle connection: closed with %d, want 1001", got)
		}
		busy.until("draining")
		busy.send(generate("g2", relaytest.TwelveWords, ""))
		if refused, _ := busy.until("error"); refused["code"] != "draining" {
			t.Errorf("new generation: got %v", refused)
		}
		if done, _ := busy.until("done"); done["reason"] != "completed" {
			t.Errorf("running generation: got %v", done["reason"])
		}
		if got := busy.closeStatus(); got != 1001 {
			t.Errorf("busy connection: closed with %d, want 1001", got)
		}
		<-drained
	})
}

func TestDrainStopsWhatOutlastsItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		c := r.dial("")
		c.send(generate("g1", strings.Repeat(relaytest.TwelveWords+" ", 10), ""))
		c.until("audio")
		go r.srv.Drain(context.Background(), time.Second)
		done, _ := c.until("done")
		if done["reason"] != "failed" || done["error"].(map[string]any)["code"] != "draining" {
			t.Errorf("done: got %v", done)
		}
		if got := c.closeStatus(); got != 1001 {
			t.Errorf("closed with %d, want 1001", got)
		}
	})
}

func TestPanicEndsOneGeneration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		f.Mu.Lock()
		f.Panics = true
		f.Mu.Unlock()
		c.send(generate("g1", relaytest.TwelveWords, ""))
		done, _ := c.until("done")
		if done["reason"] != "failed" || done["error"].(map[string]any)["code"] != "internal" {
			t.Errorf("done: got %v", done)
		}
		f.Mu.Lock()
		f.Panics = false
		f.Mu.Unlock()
		c.send(generate("g2", relaytest.TwelveWords, ""))
		if done, _ := c.until("done"); done["reason"] != "completed" {
			t.Errorf("the next generation: got %v", done)
		}
	})
}
