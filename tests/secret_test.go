package tests

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"voicerelay/upstream/emulator"
)

// Every relay's log is looked through for its keys; here the rest of what must not be written down passes as well:
// text, audio, metadata values and the key in a URL, in good times and in bad, with the log at its most talkative.
func TestLogsHaveNoTextAudioOrKeys(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "error:INTERNAL_ERROR", emulator.Options{}), emulate(t, emulator.Options{Pace: 10})
	cfg := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
	cfg.Keys = []map[string]any{{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"}}
	r := serve(t, cfg)
	r.Log.Forbid("api_key", "lanterns", "remember", "n0t-4-l0gs", "k-wrong-9876543210")
	r.refusesUpgrade(t, dialing{query: "api_key=k-wrong-9876543210"}, 401, "auth_failed")
	c := r.dialWith(t, dialing{query: "api_key=k-bot-0123456789"})
	for _, id := range []string{"whole", "stopped"} {
		c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "metadata": j{"note": "n0t-4-l0gs"}})
		c.await("audio", of("audio", id))
	}
	c.send(j{"type": "cancel", "generation_id": "stopped"})
	c.done("stopped")
	c.completed("whole")
	c.forge(`{"type":"generate","generation_id":"g","text":"lanterns","lanterns":"remember"}`)
	c.forge(`lanterns remember`)
	c.send(j{"type": "generate", "generation_id": "failed", "text": "lanterns remember", "route": "ill"})
	c.failure("failed", "upstream_failed")
	c.barrier()
}

// What relays keep says who spoke when, and nothing of what: their folder and the Redis that they share are looked through.
func TestLedgersHaveNoTextAudioOrKeys(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 10}))
	cfg.Keys = []map[string]any{{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"}}
	cfg.Redis = map[string]string{"url": "redis://" + s.Addr}
	r := serve(t, cfg)
	c := r.dialWith(t, dialing{query: "api_key=k-bot-0123456789"})
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences, "idempotency_key": "1d3mp0tent", "metadata": j{"note": "k3pt"}})
	audio := c.await("audio", of("audio", "g")).Audio
	audio = audio[len(audio)-300:] // speech begins with silence, which is like anything that is empty
	c.completed("g")
	eventually(t, "the record in Redis", func() bool { return s.shipped() == 1 })
	r.Terminate()
	c.overWithin(deadline)
	r.Exit()
	kept := files(t, filepath.Join(r.dir, "data"), s.Dir)
	if !bytes.Contains(kept, []byte("k3pt")) {
		t.Fatal("the metadata is not kept, so this looks at the wrong place")
	}
	for _, secret := range []string{"lanterns", "remember", "k-bot-0123456789", vendorKey, "1d3mp0tent", string(audio), base64.StdEncoding.EncodeToString(audio)} {
		if bytes.Contains(kept, []byte(secret)) {
			t.Errorf("%q is kept", secret)
		}
	}
}

// files is the content of all files in folders. Those of the first must be their user's alone.
func files(t *testing.T, folders ...string) []byte {
	t.Helper()
	var all []byte
	for i, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if i == 0 && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", e.Name(), info.Mode())
			}
			content, err := os.ReadFile(path)
			all = append(all, content...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
