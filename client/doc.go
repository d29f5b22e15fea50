// Package client speaks texts through a relay: a Client is one connection that is made anew whenever it breaks, and a
// Speech is one generation on it, from its text to its last audio.
//
//	c, err := client.Dial(ctx, client.Config{URL: "http://127.0.0.1:8080"})
//	…
//	speech, err := c.Speak(ctx, client.Request{Text: "Hello there."})
//	…
//	for audio, err := range speech.Audio() {
//		…
//	}
//
// Messages are those of package protocol, and so are the words for them. What holds:
//
//  1. Speeches run side by side, and any of them may be used by several goroutines: one that writes text, one that
//     ranges over what comes, one that cancels.
//  2. Audio of a speech comes in order, without gap or repeat. Its range ends with the generation, with an error where
//     that was refused, failed or was lost, and without one where it was completed or canceled.
//  3. Nothing is spoken twice. A speech of which nothing was heard when its connection broke is sent again, under the
//     same idempotency key; one that was heard ends with ErrLost, since only the caller knows what was played.
//  4. What is not ranged over waits: Config.Backlog messages of a speech, and then the connection is not read, with all
//     that is on it. Leave a range early, cancel or end Speak's context, and what comes later is dropped.
//  5. After Close nothing of the client's runs, and every speech has ended.
package client
