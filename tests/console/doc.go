// Package console looks at the console of a built relay with a real browser, Chromium without a window: each view with traffic, in both
// themes and at two widths. Where there is no Chromium the tests are skipped. Where CONSOLE_SCREENSHOTS names a folder, each view is
// left there as a PNG.
package console
