package rewrite

import (
	"bytes"
	"slices"
	"strings"
)

// An anchor is the part of a link that is written the same in every escaping: a
// host, or the longest run without a slash in the path prefix of a Map.
type anchor struct {
	text   string
	onPath bool   // it is part of a path, not a host
	before string // what stands in front of it in the path
}

func pathAnchor(from string) anchor {
	if from == "/" {
		return anchor{text: "/", onPath: true}
	}
	longest := slices.MaxFunc(strings.Split(from, "/"), func(a, b string) int { return len(a) - len(b) })
	return anchor{text: longest, onPath: true, before: from[:strings.Index(from, "/"+longest+"/")+1]}
}

// A probe is a byte to search for and the anchors that it may be part of.
type probe struct {
	char    byte
	needles []needle

	// In front of a needle's other bytes only one next to it is looked at: the
	// one after it, or, where a needle ends with it, the one before.
	after, before [256]bool
}

type needle struct {
	anchor
	offset int // of the probe's byte in the anchor's text
}

func (p *probe) add(a anchor) {
	offset := strings.IndexByte(a.text, p.char)
	p.needles = append(p.needles, needle{a, offset})
	switch {
	case offset+1 < len(a.text):
		p.after[a.text[offset+1]] = true
	case offset > 0:
		p.before[a.text[offset-1]] = true
	default:
		for c := range p.after {
			p.after[c] = true
		}
	}
}

// probes chooses bytes so that each anchor holds one of them and few bytes of
// a usual body are one: a greedy weighted set cover. Hosts of one site mostly
// share a rare byte, so four of them cost no more than one.
func probes(anchors []anchor) []probe {
	var chosen []probe
	for open := anchors; len(open) > 0; {
		var best byte
		bestCost := 0.0
		for c := range byte(128) {
			covered := 0
			for _, a := range open {
				if strings.IndexByte(a.text, c) >= 0 {
					covered++
				}
			}
			if cost := (passCost + frequency(c)) / float64(covered); covered > 0 && (best == 0 || cost < bestCost) {
				best, bestCost = c, cost
			}
		}
		p := probe{char: best}
		var rest []anchor
		for _, a := range open {
			if strings.IndexByte(a.text, best) >= 0 {
				p.add(a)
			} else {
				rest = append(rest, a)
			}
		}
		chosen, open = append(chosen, p), rest
	}
	return chosen
}

// passCost is what one more pass over a body costs, in stops per 10,000 bytes.
const passCost = 20

// frequency estimates how many of 10,000 bytes of HTML, CSS, scripts and JSON
// are c.
func frequency(c byte) float64 {
	const lower = "abcdefghijklmnopqrstuvwxyz"
	perLetter := [...]float64{417, 98, 235, 221, 633, 127, 123, 172, 400, 47, 52, 297, 143, 370, 415, 198, 15, 376, 403, 526, 157, 93, 53, 50, 77, 14}
	if i := strings.IndexByte(lower, c); i >= 0 {
		return perLetter[i]
	}
	switch c {
	case '/':
		return 113
	case '-':
		return 165
	case '.':
		return 159
	case ':':
		return 127
	case '0', 'A':
		return 55
	}
	return 25
}

// find returns the first position from i on in b where an anchor may be, and
// its probe; len(b) and nil if there is none. next remembers for each probe up to
// where b holds no byte of it.
func find(b []byte, i int, probes []probe, next []int) (int, *probe) {
	at, found := len(b), (*probe)(nil)
	for k := range probes {
		p := &probes[k]
		j := max(next[k], i)
		for j < at {
			if b[j] == p.char && (j+1 == len(b) || p.after[b[j+1]] || j > 0 && p.before[b[j-1]]) {
				at, found = j, p
				break
			}
			n := bytes.IndexByte(b[j+1:], p.char)
			if n < 0 {
				j = len(b)
				break
			}
			j += 1 + n
		}
		next[k] = j
	}
	return at, found
}
