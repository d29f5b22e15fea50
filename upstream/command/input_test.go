package command

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// hostile are texts that would do something if they were an argument, a part of a shell's line or a file's name.
var hostile = []string{
	"-f/etc/passwd", "--help", "-v en", "-w out.wav", "--", "-", "{voice}", "{file}", "{text}", "$(id) and `id`", "; id", "| id",
	"a\nb", "a\r\n-f/etc/passwd", "a\x00b", "%s%n", "../../etc/passwd", "/etc/passwd", "@/etc/passwd", "'; id #", `"; id #`,
}

// reported is what the program finds when it is run for a text, in a folder below the given one.
func reported(t *testing.T, folder, text string, args ...string) seen {
	t.Helper()
	cfg := running(self("report", args...)...)
	cfg.Folder = folder
	cfg.Output = Output{Encoding: audio.PCM16, SampleRate: 24000}
	h := spoken(t, cfg, text)
	var s seen
	if err := json.Unmarshal(h.Audio, &s); err != nil {
		t.Fatalf("%v, %v", err, h.Err)
	}
	return s
}

func TestTheTextIsNeverAnArgument(t *testing.T) {
	t.Setenv("RELAY_SECRET", "not for programs")
	dir := t.TempDir()
	for _, text := range hostile {
		s := reported(t, dir, text, "-v", voiceMark, "--out="+voiceMark+".wav")
		if want := []string{"-v", voice, "--out=" + voice + ".wav"}; !slices.Equal(s.Args, want) {
			t.Errorf("%q: arguments %q, want %q", text, s.Args, want)
		}
		if want := oneLine(text); s.Input != want {
			t.Errorf("%q: standard input %q, want %q", text, s.Input, want)
		}
		want := []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HOME=" + s.Folder, "TMPDIR=" + s.Folder}
		if !slices.Equal(s.Env, want) || filepath.Dir(filepath.Dir(s.Folder)) != dir {
			t.Errorf("%q: environment %q, want %q, in a folder below %s", text, s.Env, want, dir)
		}
	}
}

func TestATextLikeAnOptionIsSpokenNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private.txt")
	if err := os.WriteFile(path, []byte("what nobody may hear, at some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h := spoken(t, running(self("naive", "-f"+path)...), "x"); len(h.Audio) != len(upstreamtest.Speech("what nobody may hear, at some length")) {
		t.Fatal("the program does not obey the option when it gets it, so that this test shows nothing")
	}
	for _, text := range []string{"-f" + path, "-f " + path, "x -f" + path, "x\n-f" + path} {
		h := spoken(t, running(self("naive")...), text)
		if want := upstreamtest.Speech(strings.TrimSuffix(oneLine(text), "\n")); h.Err != nil || !slices.Equal(h.Audio, want) {
			t.Errorf("%q: got %d bytes of audio and %v, want the text's %d", text, len(h.Audio), h.Err, len(want))
		}
	}
}

func TestAFileIsPrivateAndTakenAway(t *testing.T) {
	dir := t.TempDir()
	for _, text := range hostile {
		s := reported(t, dir, text, fileMark)
		if s.Mode != 0o600 || s.Content != oneLine(text) || s.Input != "" {
			t.Errorf("%q: mode %v, content %q, standard input %q; want a private file alone", text, s.Mode, s.Content, s.Input)
		}
		if filepath.Dir(s.Args[0]) != s.Folder || s.FolderMode.Perm() != 0o700 {
			t.Errorf("%q: file %q in a folder of mode %v, want one in the private folder %q", text, s.Args[0], s.FolderMode, s.Folder)
		}
		nothingIn(t, dir)
	}
}

// nothingIn checks that no run has left anything in a folder.
func nothingIn(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && (!e.IsDir() || strings.HasPrefix(e.Name(), "run-")) {
			t.Errorf("left: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A program that can't write to a pipe writes next to its text, which goes with it: also where it is killed.
func TestWhatStandsBesideTheTextIsTakenAway(t *testing.T) {
	dir := t.TempDir()
	cfg := running("sh", "-c", `"$@" > "$0.wav" && exec cat "$0.wav"`, fileMark)
	cfg.Folder = dir
	cfg.Command = append(cfg.Command, self("file", fileMark)...)
	if h := spoken(t, cfg, "Hello"); h.Err != nil || !slices.Equal(h.Audio, upstreamtest.Speech("Hello")) {
		t.Errorf("got %d bytes of audio and %v", len(h.Audio), h.Err)
	}
	nothingIn(t, dir)
	here := newPlace(t)
	cfg.Command = append([]string{"sh", "-c", `echo x > "$0.wav" && exec "$@"`, fileMark}, self("meet", here.address())...)
	cfg.Timeout = patience
	p := provide(t, cfg)
	l := call(t, p)
	l.speak(true, "Hello")
	here.met()
	l.close(errStop)
	if err := p.Close(); err != nil { // waits for what is left to do
		t.Error(err)
	}
	nothingIn(t, dir)
}

func TestNoFolderNoSpeech(t *testing.T) {
	cfg := running(self("wav")...)
	cfg.Folder = os.Args[0] // which is no folder
	if h := spoken(t, cfg, "Hello"); upstream.KindOf(h.Err) != upstream.ConnectFailed {
		t.Errorf("got %v, want connect_failed", h.Err)
	}
}

func TestOnlyConfiguredVoicesSpeak(t *testing.T) {
	p := provide(t, running(self("wav")...))
	for _, id := range []string{"", "en", "--help", "-f/etc/passwd", voice + " ", "../" + voice} {
		req := request
		req.Voice = id
		if _, err := p.Open(t.Context(), req, upstreamtest.NewSink(t)); upstream.KindOf(err) != upstream.Rejected {
			t.Errorf("voice %q: got %v, want rejected", id, err)
		}
	}
}

// A text is one line, whatever is in it, of the same characters but for those that control.
func TestOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		got, ended := strings.CutSuffix(oneLine(text), "\n")
		if !ended || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("%q: got %q, want one line", text, got)
		}
		visible := func(s string) string { return strings.ReplaceAll(strings.Map(blank, s), " ", "") }
		if visible(got) != visible(text) {
			t.Fatalf("%q: got %q", text, got)
		}
	})
}

func blank(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}
