package command

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"voicerelay/program"
	"voicerelay/upstream"
)

// command is what to run for a text in a folder.
func (p *runner) command(ctx context.Context, dir, voice, text string) (*exec.Cmd, error) {
	replace := []string{voiceMark, voice}
	if p.wantsFile() {
		name, err := p.textFile(dir, oneLine(text))
		if err != nil {
			return nil, &upstream.Error{Kind: noFolder.Kind, Message: noFolder.Message, Err: err}
		}
		replace = append(replace, fileMark, name)
	}
	marks := strings.NewReplacer(replace...)
	var args []string
	for _, arg := range p.cfg.Command[1:] {
		args = append(args, marks.Replace(arg))
	}
	cmd, err := program.Command(ctx, dir, p.cfg.Command[0], args...)
	if err != nil {
		return nil, &upstream.Error{Kind: notStarted.Kind, Message: notStarted.Message, Err: err}
	}
	if !p.wantsFile() {
		cmd.Stdin = strings.NewReader(oneLine(text))
	}
	return cmd, nil
}

func (p *runner) wantsFile() bool {
	return slices.ContainsFunc(p.cfg.Command, func(arg string) bool { return strings.Contains(arg, fileMark) })
}

// oneLine is a piece's text as a line: programs that read line by line make an utterance, or a WAV file, of each. No
// other control character is of use to a program either.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text) + "\n"
}

// textFile makes a file with the text in a folder, which only the programs' user reads.
func (p *runner) textFile(dir, text string) (name string, err error) {
	name = filepath.Join(dir, "text")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return "", err
	}
	return name, p.launcher.Give(name)
}
