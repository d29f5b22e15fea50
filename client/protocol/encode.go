package protocol

// Encode is the event as a message. Events hold nothing that JSON has no form for, with one exception: a float
// that is no number, or provider options that are not JSON. Those are a defect of the caller, which the client is
// told of by an error in the message's place.
func Encode(e Event) []byte {
	kind, fields := e.wire()
	body, err := marshal(fields)
	if err != nil {
		return Encode(&Error{Code: CodeInternal, Message: "a message of type " + kind + " could not be encoded"})
	}
	return withType(kind, body)
}

// EncodeBody is the error as the body of an HTTP answer: {"error": …}.
func EncodeBody(e *Error) []byte {
	return append(append([]byte(`{"error":`), Encode(e)...), '}')
}

// EncodeCommand is the command as a message, for clients: what Decode makes the same command of. It is not checked: a
// relay refuses what breaks its rules and says which.
func EncodeCommand(c Command) ([]byte, error) {
	body, err := marshal(c)
	if err != nil {
		return nil, err
	}
	return withType(c.name(), body), nil
}

// withType is an encoded object with its type in front.
func withType(kind string, body []byte) []byte {
	msg := make([]byte, 0, len(`{"type":"",`)+len(kind)+len(body))
	msg = append(msg, `{"type":"`...)
	msg = append(msg, kind...)
	msg = append(msg, '"')
	if len(body) > len("{}") {
		msg = append(msg, ',')
	}
	return append(msg, body[1:]...)
}
