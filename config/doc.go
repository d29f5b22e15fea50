// Package config reads the configuration file.
//
// Load reads a YAML file, expands ${NAME} and ${file:PATH}, and returns Settings, or every fault with its line and column. Invariants:
//
//  1. It opens nothing but files: no socket, no database, no program is started. What it accepts, the process can use.
//  2. It knows a vendor by its driver alone, and gets the drivers as a list.
//  3. No fault, warning or log line has a value that came from ${NAME} or ${file:PATH}.
package config
