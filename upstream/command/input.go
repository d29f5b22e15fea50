package command

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// command is what to run for a text, and how to take away what was laid out for it.
func (p *provider) command(ctx context.Context, voice, text string) (cmd *exec.Cmd, clean func(), err error) {
	replace := []string{voiceMark, voice}
	clean = func() {}
	if p.wantsFile() {
		dir, name, err := textFile(oneLine(text))
		if err != nil {
			return nil, nil, err
		}
		clean = func() { _ = os.RemoveAll(dir) } // with what the program has put beside the text
		replace = append(replace, fileMark, name)
	}
	marks := strings.NewReplacer(replace...)
	var args []string
	for _, arg := range p.cfg.Command[1:] {
		args = append(args, marks.Replace(arg))
	}
	cmd = exec.CommandContext(ctx, p.cfg.Command[0], args...)
	cmd.Env = []string{} // nil would be the relay's own, with its keys
	if !p.wantsFile() {
		cmd.Stdin = strings.NewReader(oneLine(text))
	}
	return cmd, clean, nil
}

func (p *provider) wantsFile() bool {
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

// textFile makes a folder that only this user can open, and a file with the text in it.
func textFile(text string) (dir, name string, err error) {
	dir, err = os.MkdirTemp("", "piece-") // with mode 0700
	if err != nil {
		return "", "", err
	}
	name = filepath.Join(dir, "text")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		_ = os.RemoveAll(dir) // the folder's fault has been noted
		return "", "", err
	}
	return dir, name, nil
}
