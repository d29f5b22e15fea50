package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// binary is what a built file says of itself.
type binary struct {
	name    string
	sha256  string // in hex
	built   time.Time
	info    *debug.BuildInfo
	modules []module // that it depends on
}

// module is one that was built in.
type module struct {
	path, version string
	dirHash       string // of its files, in hex; empty: it is part of the source
}

func inspect(path string) (*binary, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, err
	}
	b := &binary{name: filepath.Base(path), sha256: hex.EncodeToString(sum.Sum(nil)), built: stat.ModTime().UTC(), info: info}
	for _, dep := range info.Deps {
		m, err := moduleOf(dep)
		if err != nil {
			return nil, err
		}
		b.modules = append(b.modules, m)
	}
	return b, nil
}

// moduleOf is a module with the hash that go.sum has of it.
func moduleOf(dep *debug.Module) (module, error) {
	if dep.Replace != nil {
		dep = dep.Replace
	}
	m := module{path: dep.Path, version: dep.Version}
	if strings.HasPrefix(dep.Path, ".") {
		return m, nil
	}
	encoded, ok := strings.CutPrefix(dep.Sum, "h1:")
	hash, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(hash) != sha256.Size {
		return m, fmt.Errorf("module %s has no hash", dep.Path)
	}
	m.dirHash = hex.EncodeToString(hash)
	return m, nil
}

// purl names a module as package URLs do.
func (m module) purl() string { return "pkg:golang/" + m.path + "@" + m.version }
