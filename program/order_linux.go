package program

// order is what a process of the relay's own binary is told of the program that it is to become.
type order struct {
	Path   string
	Args   []string // the first is the program's name
	Env    []string
	Limits Limits
}

// selfPath is the binary of this process, also where its file has been replaced since.
const selfPath = "/proc/self/exe"

// insideMark is in the environment of the relay's own programs. A binary that takes them for itself, since it does not call
// Inside, must not start more of them.
const insideMark = "VOICERELAY_INSIDE=1"

// What a process of the relay's own binary is told to do, by its first argument.
const (
	execVerb  = "exec-program"
	watchVerb = "watch-programs"
)

// Descriptors of a process that is to become a program.
const (
	orderFD = 3
	faultFD = 4
)

// maxOrder bounds an order: a configuration file is smaller.
const maxOrder = 1 << 20
