//go:build !linux

package main

import (
	"errors"
	"runtime"
	"syscall"
	"time"
)

// errLinuxOnly is why the benchmark does not run elsewhere: what processes use is read from the Linux kernel.
var errLinuxOnly = errors.New("the benchmark runs on Linux only")

func attributes() *syscall.SysProcAttr    { return nil }
func cpuTime(int) (time.Duration, error)  { return 0, errLinuxOnly }
func residentBytes(int) (int64, error)    { return 0, errLinuxOnly }
func machineBusy() (time.Duration, error) { return 0, errLinuxOnly }
func allowedCores() []int                 { return nil }
func bindThread([]int) error              { return errLinuxOnly }
func bindSelf([]int) error                { return errLinuxOnly }
func kernel() string                      { return runtime.GOOS }
