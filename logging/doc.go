// Package logging is the one form of all lines that the process writes to its standard error: JSON, or text for a console, with times
// to the millisecond, and causes in our words. A fault that stands is told once a minute.
package logging
