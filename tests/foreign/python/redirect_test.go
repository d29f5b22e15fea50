package python_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// keyProgram tells what becomes of a key at the address that it is given, and which addresses are warned of.
const keyProgram = `
import asyncio, sys, warnings
import voicerelay

async def main(address):
    try:
        async with voicerelay.connect(address, "sk-of-a-test"):
            print("connected")
    except voicerelay.Unreachable as failure:
        print("unreachable, retryable:", failure.retryable)

asyncio.run(main(sys.argv[1]))
warnings.simplefilter("always")
for address in ["ws://relay.example", "http://10.0.0.1:8080", "ws://[2001:db8::1]", "wss://relay.example", "ws://127.0.0.1:8080", "http://localhost", "ws://[::1]"]:
    for name, args in {"key": {"key": "sk-of-a-test"}, "no key": {}, "trusted": {"key": "sk-of-a-test", "plaintext": True}}.items():
        with warnings.catch_warnings(record=True) as told:
            voicerelay.connect(address, **args)
        for warning in told:
            print(address, name, "sk-of-a-test" in str(warning.message), warning.filename.endswith("key.py"))
`

// The key goes to the address that was given, and nowhere else; where others can read it, there is a warning.
func TestTheClientInPythonKeepsItsKey(t *testing.T) {
	needPython(t)
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	relay := httptest.NewServer(http.RedirectHandler(strings.Replace(elsewhere.URL, "http", "ws", 1)+"/v1/speech", http.StatusTemporaryRedirect))
	defer relay.Close()
	dir := t.TempDir()
	beside(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "key.py"), []byte(keyProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "unreachable, retryable: False\n" +
		"ws://relay.example key False True\nhttp://10.0.0.1:8080 key False True\nws://[2001:db8::1] key False True\n"
	t.Run("each version", func(t *testing.T) {
		everyPython(t, func(t *testing.T, python string) {
			if got := string(execute(t, dir, python, "key.py", relay.URL)); got != want {
				t.Errorf("told\n%s\nwant\n%s", got, want)
			}
		})
	})
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests went where a redirect led", n)
	}
}
