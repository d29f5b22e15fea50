package downstreamtest

import (
	"testing"
	"testing/synctest"

	"voicerelay/limits"
	"voicerelay/server"
)

// Run plays the whole suite.
func Run(t *testing.T, d Dialect) {
	for name, story := range map[string]struct {
		asked  bool // of this dialect
		play   func(p play)
		change Change
	}{
		"whole text":               {true, wholeText, nil},
		"tokens":                   {d.Tokens, tokens, nil},
		"flush":                    {d.Flush, flush, nil},
		"two turns":                {d.Turns, twoTurns, nil},
		"parallel contexts":        {d.Parallel, parallel, nil},
		"barge-in":                 {true, bargeIn, nil},
		"barge-in after the text":  {d.Interrupt, bargeInAfterTheText, nil},
		"words":                    {d.Words, words, nil},
		"bad key":                  {true, badKey, nil},
		"too many connections":     {d.Turns, tooManyConnections, limited(func(l *limits.Config) { l.MaxConnectionsPerKey = 1 })},
		"too many turns":           {true, tooManyTurns, limited(func(l *limits.Config) { l.GenerationsPerMinute = 1 })},
		"unknown voice":            {true, unknownVoice, nil},
		"failover in mid-sentence": {true, failover, nil},
		"one voice a conversation": {d.Turns && !d.Apart, oneVoice, nil},
		"all targets dead":         {true, allDead, nil},
		"all die in mid-sentence":  {true, allDieSpeaking, nil},
		"empty turn":               {true, emptyTurn, nil},
		"drain":                    {true, drain, nil},
		"slow reader":              {true, slowReader, nil},
	} {
		if !story.asked {
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var changes []Change
				if story.change != nil {
					changes = append(changes, story.change)
				}
				story.play(play{t, d, Start(t, d.Under, changes...)})
			})
		})
	}
}

// limited changes the limits of the one key.
func limited(change func(*limits.Config)) Change {
	return func(cfg *server.Config, _ *server.Parts) { change(&cfg.Keys[0].Limits) }
}
