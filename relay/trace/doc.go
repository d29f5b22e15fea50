// Package trace says what the engine shows of generations to who follows a call through many programs. It knows no tool for that.
package trace
