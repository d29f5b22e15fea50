//go:build !linux

package command

// systemPrograms are programs that look at what one system alone has.
var systemPrograms map[string]func(args []string) int
