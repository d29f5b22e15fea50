package outcome

import (
	"errors"

	"voicerelay/upstream"
)

// RerouteReasons are all reasons that RerouteReason gives, so that they can be counted from 0.
var RerouteReasons = []upstream.Kind{
	upstream.Stalled, upstream.Dropped, upstream.UpstreamError, upstream.Throttled, upstream.Garbled, upstream.ShortAudio,
}

// RerouteReason is why a voice that was heard was replaced, in the words of the protocol.
func RerouteReason(err error) upstream.Kind {
	if errors.Is(err, ErrLostHedge) {
		return upstream.Stalled
	}
	switch kind := upstream.KindOf(err); kind {
	case upstream.Stalled, upstream.Dropped, upstream.UpstreamError, upstream.Throttled, upstream.Garbled, upstream.ShortAudio:
		return kind
	case upstream.NoAudio:
		return upstream.ShortAudio // an earlier piece was spoken, so it is not silence
	case upstream.FirstAudioTimeout:
		return upstream.Stalled
	case upstream.ConnectFailed:
		return upstream.Dropped
	}
	return upstream.UpstreamError
}
