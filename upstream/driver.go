package upstream

import "reflect"

// Driver makes providers of one vendor from configuration.
type Driver struct {
	name    string
	open    func(decode func(any) error, env Env) (Provider, error)
	check   func(decode func(any) error) error
	program func(decode func(any) error) (string, error)
	options func(decode func(any) error) (any, error)
	equal   func(decode, other func(any) error) bool
	voiced  bool
	inPath  bool
	codes   func() []Entry
}

// NewDriver is a vendor's driver: its name in `adapter:`, the defaults of its `options:`, and how to open it.
// Where *C has a method Validate() error, it is called on the decoded options first. Where it has Program() string, that
// is the program which the provider runs, so that one without its program can be left out.
func NewDriver[C any, P Provider](name string, defaults C, open func(cfg C, env Env) (P, error)) Driver {
	load := func(decode func(any) error) (C, error) {
		cfg := defaults
		if err := decode(&cfg); err != nil {
			return cfg, err
		}
		if v, ok := any(&cfg).(interface{ Validate() error }); ok {
			return cfg, v.Validate()
		}
		return cfg, nil
	}
	return Driver{
		name: name,
		open: func(decode func(any) error, env Env) (Provider, error) {
			cfg, err := load(decode)
			if err != nil {
				return nil, err
			}
			p, err := open(cfg, env)
			if err != nil {
				return nil, err
			}
			return p, nil
		},
		check: func(decode func(any) error) error {
			_, err := load(decode)
			return err
		},
		program: func(decode func(any) error) (string, error) {
			cfg, err := load(decode)
			if p, ok := any(&cfg).(interface{ Program() string }); ok && err == nil {
				return p.Program(), nil
			}
			return "", err
		},
		options: func(decode func(any) error) (any, error) { return load(decode) },
		equal: func(decode, other func(any) error) bool {
			one, err := load(decode)
			another, otherErr := load(other)
			return err == nil && otherErr == nil && reflect.DeepEqual(one, another)
		},
	}
}

// Name is the driver's name in the configuration.
func (d Driver) Name() string { return d.name }

// Open makes a provider. decode fills a pointer to the driver's options, strictly.
func (d Driver) Open(decode func(any) error, env Env) (Provider, error) { return d.open(decode, env) }

// Check validates a driver's options by themselves.
func (d Driver) Check(decode func(any) error) error { return d.check(decode) }

// CheckEnv reports why a provider can't be opened in env, by opening one and closing it again. Neither reaches the vendor:
// sockets are opened by Warm and by streams. Options must have passed Check.
func (d Driver) CheckEnv(decode func(any) error, env Env) error {
	provider, err := d.open(decode, env)
	if err != nil {
		return err
	}
	return provider.Close()
}

// Program is what must be installed on this machine for a provider with these options; empty: nothing.
func (d Driver) Program(decode func(any) error) (string, error) { return d.program(decode) }

// Options are a driver's options with its defaults, as a struct whose fields have the configuration's names in their yaml tags.
func (d Driver) Options(decode func(any) error) (any, error) { return d.options(decode) }

// Equal reports whether two sets of options come to the same, whatever defaults they spell out.
func (d Driver) Equal(decode, other func(any) error) bool { return d.equal(decode, other) }

// WithVoices is the driver of providers that depend on Env.Voices: they are opened again where those change.
func (d Driver) WithVoices() Driver {
	d.voiced = true
	return d
}

// Voiced reports whether its providers depend on Env.Voices.
func (d Driver) Voiced() bool { return d.voiced }

// WithVoicesInPath is the driver of providers that put voice ids into a URL's path, by PathSegment.
func (d Driver) WithVoicesInPath() Driver {
	d.inPath = true
	return d
}

// CheckVoice says why the vendor can't be asked for a voice id; empty: it can.
func (d Driver) CheckVoice(id string) string {
	if d.inPath {
		return oddSegment(id)
	}
	return ""
}

// WithCodes is the driver with its tables of the vendor's codes, for the documents.
func (d Driver) WithCodes(codes func() []Entry) Driver {
	d.codes = codes
	return d
}

// Codes lists the vendor's codes and what they mean; none for a driver without a vendor.
func (d Driver) Codes() []Entry {
	if d.codes == nil {
		return nil
	}
	return d.codes()
}
