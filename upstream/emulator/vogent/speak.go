package vogent

import (
	"context"
	"errors"

	"voicerelay/upstream/emulator/engine"
)

// sayAll speaks until the last piece has been spoken, or ctx ends.
// There is no flush. When speech begins before the last piece is not documented, though incremental text is what the socket is
// for.
func (g *generation) sayAll(ctx context.Context) {
	for ctx.Err() == nil {
		text, last := g.next()
		if text != "" {
			g.say(ctx, text)
			g.touch()
		}
		switch {
		case last:
			return
		case text == "":
			g.await(ctx)
		}
	}
}

// sendEnd tells the client how the generation has ended.
// The three types are the API reference's: chunk, finished and error.
func (g *generation) sendEnd(cause error) {
	var failure failure
	switch {
	case cause == nil:
		engine.Send(g.conn.socket, engine.Object{"type": "finished", "generationId": g.id})
	case errors.As(cause, &failure):
		g.conn.fail(g.id, string(failure))
	case errors.Is(cause, errCanceled):
		g.sendCanceled()
	}
}

// sendCanceled is what follows a cancel: audio that was under way, and perhaps an answer.
// The reference has the field cancel and no word on what follows it: silence, finished or an error.
func (g *generation) sendCanceled() {
	for range g.conn.quirks.lateChunks {
		g.sendChunk(make([]byte, 2*(g.rate/50)))
	}
	switch g.conn.quirks.cancelAnswer {
	case "finished":
		engine.Send(g.conn.socket, engine.Object{"type": "finished", "generationId": g.id})
	case "error":
		g.conn.fail(g.id, errCanceled.Error())
	}
}
