package main

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// chart is two panels one below the other: what a frame costs, and how long it takes, by the number of generations.
// Both axes are logarithmic.
type chart struct {
	svg strings.Builder
}

// Sizes in the unit of the picture, which are pixels unless it is scaled.
const (
	chartWidth  = 720
	panelHeight = 300
	panelLeft   = 70
	panelRight  = 130 // for the names of the lines
	panelTop    = 40
	panelBottom = 45
	dotSize     = 3
)

// curve is a line of a panel.
type curve struct {
	name   string
	color  string
	dashed bool
	points []point
}

type point struct{ x, y float64 }

// draw writes the chart of a report's levels.
func (r *report) draw(file string) error {
	return os.WriteFile(file, []byte(r.chart()), 0o644)
}

func (r *report) chart() string {
	c := &chart{}
	fmt.Fprintf(&c.svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", chartWidth, 2*panelHeight)
	c.svg.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	cpu := kind{of: func(r *round) float64 { return r.CPUPerFrame }}
	median := kind{suffix: " p50", of: func(r *round) float64 { return r.Latency.P50 }}
	tail := kind{suffix: " p99", dashed: true, of: func(r *round) float64 { return r.Latency.P99 }}
	c.panel(0, "CPU a frame, µs", r.curves([]string{nginxPath, relayPath}, cpu))
	latency := append(r.curves(allPaths, median), r.curves(allPaths, tail)...)
	c.panel(panelHeight, "latency, µs: p50, and p99 dashed", latency)
	c.svg.WriteString("</svg>\n")
	return c.svg.String()
}

// kind is what a curve shows.
type kind struct {
	suffix string
	dashed bool
	of     func(*round) float64
}

// curves are a panel's lines, of the levels without idle connections.
func (r *report) curves(paths []string, k kind) []curve {
	colors := map[string]string{directPath: "#767676", nginxPath: "#1b7837", relayPath: "#2166ac"}
	var all []curve
	for _, path := range paths {
		c := curve{name: path + k.suffix, color: colors[path], dashed: k.dashed}
		for _, l := range r.Levels {
			if rounds := l.Rounds[path]; len(rounds) > 0 && l.Idle == 0 {
				c.points = append(c.points, point{float64(l.Generations), spreadOf(values(rounds, k.of)).Median})
			}
		}
		if len(c.points) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// panel draws axes and lines, so far below the top.
func (c *chart) panel(top float64, title string, curves []curve) {
	fmt.Fprintf(&c.svg, `<text x="%d" y="%g" font-weight="bold">%s</text>`+"\n", panelLeft, top+panelTop/2, title)
	if len(curves) == 0 {
		return
	}
	x, y := axesOf(curves, top)
	for _, tick := range x.ticks() {
		at := x.at(tick)
		fmt.Fprintf(&c.svg, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#e0e0e0"/>`, at, y.from, at, y.to)
		fmt.Fprintf(&c.svg, `<text x="%.1f" y="%.1f" text-anchor="middle">%g</text>`+"\n", at, y.from+18, tick)
	}
	for _, tick := range y.ticks() {
		at := y.at(tick)
		fmt.Fprintf(&c.svg, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#e0e0e0"/>`, x.from, at, x.to, at)
		fmt.Fprintf(&c.svg, `<text x="%.1f" y="%.1f" text-anchor="end">%g</text>`+"\n", x.from-8, at+4, tick)
	}
	fmt.Fprintf(&c.svg, `<text x="%.1f" y="%.1f" text-anchor="middle">generations at real time</text>`+"\n", (x.from+x.to)/2, y.from+36)
	labels := spacedLabels(curves, y)
	for i, curve := range curves {
		c.line(curve, x, y)
		fmt.Fprintf(&c.svg, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n", x.to+10, labels[i]+4, curve.color, curve.name)
	}
}

func (c *chart) line(l curve, x, y axis) {
	dash := ""
	if l.dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	var points []string
	for _, p := range l.points {
		points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(p.x), y.at(p.y)))
		fmt.Fprintf(&c.svg, `<circle cx="%.1f" cy="%.1f" r="%d" fill="%s"/>`, x.at(p.x), y.at(p.y), dotSize, l.color)
	}
	fmt.Fprintf(&c.svg, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(points, " "), l.color, dash)
}

// axis takes values between low and high, which are powers of ten, to a place.
type axis struct{ low, high, from, to float64 }

// axesOf take in all points. Below a millionth there is nothing to show.
func axesOf(curves []curve, top float64) (x, y axis) {
	x = axis{low: math.Inf(1), from: panelLeft, to: chartWidth - panelRight}
	y = axis{low: math.Inf(1), from: top + panelHeight - panelBottom, to: top + panelTop}
	for _, c := range curves {
		for _, p := range c.points {
			x.take(p.x)
			y.take(p.y)
		}
	}
	return x.rounded(), y.rounded()
}

const leastShown = 1e-6

func (a *axis) take(v float64) {
	v = max(v, leastShown)
	a.low, a.high = min(a.low, v), max(a.high, v)
}

// rounded widens the axis to whole powers, at least one.
func (a axis) rounded() axis {
	low, high := math.Floor(math.Log10(a.low)), math.Ceil(math.Log10(a.high))
	a.low, a.high = math.Pow(10, low), math.Pow(10, max(high, low+1))
	return a
}

func (a axis) at(v float64) float64 {
	share := math.Log10(max(v, leastShown)/a.low) / math.Log10(a.high/a.low)
	return a.from + share*(a.to-a.from)
}

// ticks are the powers of ten, and between them 2 and 5.
func (a axis) ticks() []float64 {
	var all []float64
	for power := a.low; power <= a.high*1.001; power *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if n*power <= a.high*1.001 {
				all = append(all, n*power)
			}
		}
	}
	return all
}

// labelHeight keeps the names of lines that end side by side apart.
const labelHeight = 15

// spacedLabels says where each line's name stands: at its end, or below a name that is there already.
func spacedLabels(curves []curve, y axis) []float64 {
	places := make([]float64, len(curves))
	for i, c := range curves {
		places[i] = y.at(c.points[len(c.points)-1].y)
	}
	for range curves { // each pass settles one at least
		for i := range places {
			for j := range places {
				if i != j && math.Abs(places[i]-places[j]) < labelHeight && (places[j] > places[i] || places[j] == places[i] && j > i) {
					places[j] = places[i] + labelHeight
				}
			}
		}
	}
	return places
}
