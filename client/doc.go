// Package client speaks texts through a relay: a Client is one connection that is made again whenever it breaks, and a
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
//     same idempotency key, on at most three connections; one that was heard ends with ErrLost, since only the caller
//     knows what was played.
//  4. No speech holds up another, nor a cancel. What is not ranged over waits in a queue of the speech's own. Beyond
//     Config.Backlog the speech is canceled and ends with ErrOverrun; if the program has not ranged over it yet, what is beyond
//     Config.Unheard is dropped. Who only Waits need not range.
//  5. Whoever leaves a range early has closed the speech: it is canceled at the relay, and so is one whose Speak's context
//     ends. Close does not wait, and may be deferred.
//  6. What a connection brings that is no message breaks it. Messages and fields that this version does not know are
//     passed over. A relay that is going away ends what it speaks; what comes next goes to another connection.
//  7. After the client's Close nothing of it runs, and every speech has ended.
package client
