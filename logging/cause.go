package logging

import (
	"regexp"
	"strings"
)

// phrases say in our words what libraries and Redis say in theirs. The text before and after, such as the operation that failed, stays.
var phrases = []struct {
	library *regexp.Regexp
	ours    string
}{
	{regexp.MustCompile(`dial \w+ (\S+): connect: connection refused`), "nothing listens at $1"},
	{regexp.MustCompile(`dial \w+ (\S+): (?:connect: )?(?:network is unreachable|no route to host)`), "no way leads to $1"},
	{regexp.MustCompile(`dial \w+ (\S+): (?:connect: connection timed out|i/o timeout|connect: operation timed out)`), "$1 does not answer"},
	{regexp.MustCompile(`dial \w+:? (?:\S+: )?lookup (\S+?)(?: on \S+)?: .*`), "the name $1 can't be looked up"},
	{regexp.MustCompile(`listen \w+ (\S+): bind: address already in use`), "another program listens at $1"},
	{regexp.MustCompile(`listen \w+ (\S+): bind: permission denied`), "this user may not listen at $1"},
	{regexp.MustCompile(`listen \w+ (\S+): bind: cannot assign requested address`), "this machine does not have the address $1"},
	{regexp.MustCompile(`(?:read|write) \w+ \S+->(\S+): (?:read: |write: )?(?:connection reset by peer|broken pipe)`), "$1 broke the connection off"},
	{regexp.MustCompile(`(?:read|write) \w+ \S+->(\S+): i/o timeout`), "$1 does not answer"},
	{regexp.MustCompile(`(?:read|write) \w+ \S+->\S+: use of closed network connection`), "the connection is closed"},
	{regexp.MustCompile(`context deadline exceeded`), "no answer in time"},
	{regexp.MustCompile(`context canceled`), "it was broken off"},
	{regexp.MustCompile(`\bi/o timeout`), "no answer in time"},
	{regexp.MustCompile(`\b(?:unexpected )?EOF$`), "the connection ended"},
	{regexp.MustCompile(`\b(?:NOAUTH|WRONGPASS) .*`), "Redis refuses the user or the password"},
	{regexp.MustCompile(`\bNOPERM .*`), "Redis does not allow this user that"},
	{regexp.MustCompile(`\bOOM .*`), "Redis has no memory left"},
	{regexp.MustCompile(`\bREADONLY .*`), "this Redis is a replica, which takes no writes"},
	{regexp.MustCompile(`\bLOADING .*`), "Redis still loads its data"},
	{regexp.MustCompile(`\bMISCONF .*`), "Redis can't write to its disk"},
	{regexp.MustCompile(`\bMASTERDOWN .*`), "the master of this Redis is away"},
	{regexp.MustCompile(`\b(?:CLUSTERDOWN|TRYAGAIN) .*`), "the cluster is not complete"},
}

// causeOf is an error in one line, for the log.
func causeOf(err error) any {
	if err == nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		for _, p := range phrases {
			line = p.library.ReplaceAllString(line, p.ours)
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
