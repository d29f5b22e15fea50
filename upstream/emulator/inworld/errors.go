package inworld

import "voicerelay/upstream/emulator/engine"

// Status codes are gRPC's.
const (
	invalidArgument   = 3
	notFound          = 5
	resourceExhausted = 8
	unimplemented     = 12
	internal          = 13
	unauthenticated   = 16
)

// failure is a status that is no good.
type failure struct {
	code    int
	message string
}

func invalid(message string) *failure { return &failure{invalidArgument, message} }

// object is the failure as status and error have it.
func (f failure) object() engine.Object {
	return engine.Object{"code": f.code, "message": f.message, "details": []any{}}
}

// faultFailure is the failure that a fault asks for, by its code.
func faultFailure(f engine.Fault) failure {
	if f.Code == 0 {
		return failure{internal, "Internal error"}
	}
	return failure{f.Code, "The request failed"}
}
