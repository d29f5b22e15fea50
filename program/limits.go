package program

import (
	"fmt"
	"runtime"
	"time"
)

// Limits bound what one program takes of the machine, where the system can hold it to that: Linux. A program that passes
// one is refused by the system, or ended by it.
type Limits struct {
	// AddressSpace bounds the bytes that a process maps, which is several times what it uses. 0: no bound. Default: 16
	// GiB: threads map much, and a program may have one for each processor.
	AddressSpace int `yaml:"address_space_bytes"`
	// CPUTime bounds the time that a process computes, on all processors together. 0: what all of them give within
	// timeout, so that it ends only what has escaped the timeout. Default: 0.
	CPUTime time.Duration `yaml:"cpu_time"`
	// FileBytes bounds each file that is written. Default: 64 MiB, several times max_output_bytes.
	FileBytes int `yaml:"file_bytes"`
	// OpenFiles bounds the descriptors of a process. Default: 256.
	OpenFiles int `yaml:"open_files"`
	// Processes bounds the processes and threads that the programs' user has on the machine, by whatever they were started. 0: 512
	// where user names one; else no bound, since the relay's own threads would count too. Default: 0.
	Processes int `yaml:"processes"`
}

// Where the configuration says nothing: beyond what programs that speak need, and below what hurts a machine.
const (
	usualAddressSpace = 16 << 30
	usualFileBytes    = 64 << 20
	usualOpenFiles    = 256
)

// DefaultLimits are those of a configuration that says nothing.
func DefaultLimits() Limits {
	return Limits{AddressSpace: usualAddressSpace, FileBytes: usualFileBytes, OpenFiles: usualOpenFiles}
}

// Bounds of the limits. The lower ones are what a program needs to start at all.
const (
	minAddressSpace = 16 << 20
	maxAddressSpace = 1 << 50
	maxCPUTime      = 24 * time.Hour
	maxFileBytes    = 1 << 40
	minOpenFiles    = 8
	maxOpenFiles    = 1 << 20
	maxTasks        = 1 << 20
)

// tasksOfUser is how many processes and threads a user that is the programs' own may have: eight programs at once with
// threads on 64 processors.
const tasksOfUser = 512

// Validate checks the bounds. Its error begins with the name of the field.
func (l Limits) Validate() error {
	switch {
	case l.AddressSpace != 0 && (l.AddressSpace < minAddressSpace || l.AddressSpace > maxAddressSpace):
		return fmt.Errorf("address_space_bytes: must be 0, or %d to %d", minAddressSpace, maxAddressSpace)
	case l.CPUTime != 0 && (l.CPUTime < time.Second || l.CPUTime > maxCPUTime):
		return fmt.Errorf("cpu_time: must be 0, or 1s to %v", maxCPUTime)
	case l.FileBytes < 0 || l.FileBytes > maxFileBytes:
		return fmt.Errorf("file_bytes: must be 0 to %d", maxFileBytes)
	case l.OpenFiles < minOpenFiles || l.OpenFiles > maxOpenFiles:
		return fmt.Errorf("open_files: must be %d to %d", minOpenFiles, maxOpenFiles)
	case l.Processes < 0 || l.Processes > maxTasks:
		return fmt.Errorf("processes: must be 0 to %d", maxTasks)
	}
	return nil
}

// settled is the limits with what a 0 stands for.
func (l Limits) settled(timeout time.Duration, ownUser bool) Limits {
	if l.CPUTime == 0 {
		l.CPUTime = timeout * time.Duration(runtime.NumCPU())
	}
	if l.Processes == 0 && ownUser {
		l.Processes = tasksOfUser
	}
	return l
}
