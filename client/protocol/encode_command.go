package protocol

// EncodeCommand is the command as a message, for clients: what Decode makes the same command of. It is not checked: a
// relay refuses what breaks its rules and says which.
func EncodeCommand(c Command) ([]byte, error) {
	body, err := marshal(c)
	if err != nil {
		return nil, err
	}
	return withType(c.name(), body), nil
}
