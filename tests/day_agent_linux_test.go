package tests

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	relayclient "github.com/voicerelay/voicerelay/client"
	"github.com/voicerelay/voicerelay/client/protocol"
)

// A dayTurn is an utterance, as the agent who asked for it knows it.
type dayTurn struct {
	Agent    string
	Text     string // that was asked for
	Reason   string // of its done; empty: there was none
	Code     string // of the error that it was refused with, or failed of
	RecordID string
	Cost     []cost
	MuteMS   int64  // the longest that its caller heard nothing that was due
	Reroutes int    // takeovers
	Untimed  bool   // one of them had no word times to go by
	Cut      bool   // its caller interrupted, so that it heard a part
	File     string // of its samples, 24 kHz, where it was spoken whole; empty: pcm
	pcm      []byte
}

// agent speaks turn after turn on one client.
func (d *day) agent(i int) {
	tenant := "acme"
	if i == 0 {
		tenant = "poor"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*deadline)
	defer cancel()
	c, err := relayclient.Dial(ctx, relayclient.Config{URL: "http://" + d.front, Key: proofKey(tenant)})
	if err != nil {
		d.t.Errorf("agent %d does not connect: %v", i, err)
		return
	}
	defer c.Close()
	for n := i; ; n++ {
		select {
		case <-d.over:
			return
		default:
		}
		wanted := time.Now()
		turn, rest := d.turn(ctx, c, n, wanted)
		for turn.turnedAway() { // an agent asks again, and its caller waits from the first time on
			<-time.After(dayRetry)
			turn, rest = d.turn(ctx, c, n, wanted)
		}
		turn.Agent = fmt.Sprint("go-", i, " of ", tenant)
		d.mu.Lock()
		d.turns = append(d.turns, turn)
		d.mu.Unlock()
		select {
		case <-d.over:
		case <-time.After(rest):
		}
	}
}

// turn speaks the nth text: whole, with a pause in the middle, or up to where its caller interrupts. rest is when its caller
// has heard it, or tries again.
func (d *day) turn(ctx context.Context, c *relayclient.Client, n int, wanted time.Time) (turn dayTurn, rest time.Duration) {
	parts := dayTexts[n/3%len(dayTexts)]
	turn = dayTurn{Text: parts[0] + parts[1]}
	heard := playback{owed: wanted}
	paused, interrupted := n%3 == 1, n%3 == 2
	request := relayclient.Request{Text: turn.Text}
	if paused {
		request = relayclient.Request{Text: parts[0], Open: true}
	}
	speech, err := c.Speak(ctx, request)
	if err != nil {
		turn.Code = err.Error()
		return turn, dayRetry
	}
	defer speech.Close()
	if paused {
		d.agents.Go(func() {
			<-time.After(700 * time.Millisecond) // a model that thinks
			heard.text()
			_ = speech.Append(parts[1]) // the speech's end tells of any failure
			_ = speech.Finish()
		})
	}
	for event, err := range speech.Events() {
		if err != nil {
			turn.Code = err.Error()
			break
		}
		switch e := event.(type) {
		case relayclient.Audio:
			heard.audio(e.Samples)
			turn.pcm = append(turn.pcm, e.Data...)
		case protocol.Rerouted:
			turn.Reroutes++
			turn.Untimed = turn.Untimed || e.ResumeSource != "word_times"
		}
		if interrupted && len(turn.pcm) > 48000 {
			_, _ = speech.CancelAt(ctx, 900*time.Millisecond) // its done says how it ended
			heard.cut()
			turn.Cut = true
			break
		}
	}
	turn.MuteMS = heard.worst().Milliseconds()
	done, err := speech.Wait(ctx)
	if done == nil {
		turn.Code = fmt.Sprint(err)
		return turn, dayRetry
	}
	turn.Reason, turn.RecordID = done.Reason, done.RecordID
	if done.Error != nil {
		turn.Code = string(done.Error.Code)
	}
	for _, sum := range done.Usage.Cost {
		turn.Cost = append(turn.Cost, cost{Amount: sum.Amount, Currency: sum.Currency, Source: sum.Source})
	}
	return turn, max(heard.left(), dayRetry)
}

// turnedAway reports whether the turn was refused by a relay whose disk is full: another one takes it.
func (turn dayTurn) turnedAway() bool {
	return turn.Reason == "" && strings.Contains(turn.Code, "ledger_unavailable")
}

// playback is a caller's clock: what has come is played at once, and goes on in real time.
type playback struct {
	mu      sync.Mutex // guards what follows
	owed    time.Time  // since when there is text to speak
	end     time.Time  // of what is in hand
	longest time.Duration
}

// text notes that more text has come.
func (p *playback) text() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owed = time.Now()
}

func (p *playback) audio(samples int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	silent := p.end
	if silent.Before(p.owed) {
		silent = p.owed
	}
	p.longest = max(p.longest, now.Sub(silent))
	if p.end.Before(now) {
		p.end = now
	}
	p.end = p.end.Add(time.Duration(samples) * time.Second / 24000)
}

// cut notes that nothing more is played.
func (p *playback) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end = time.Now()
}

// left is how long what is in hand takes.
func (p *playback) left() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.end)
}

func (p *playback) worst() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.longest
}
