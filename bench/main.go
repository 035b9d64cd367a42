// Command bench measures the module beside plain Caddy and beside its peers,
// each pair in turn within one run, and prints Markdown tables of ratios.
//
//	go run . [-quick] [-match regexp] [scanner] [proxy] [sdk] [windows] [fairness] [memory] [fleet]
//
// Without names it runs all of them. -match chooses rows of the proxy table. Debian packages that a section needs
// (wrk, nginx, apache2, node with npm) are installed when they are missing,
// which takes root.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"
)

// section is one table of the report.
type section struct {
	name string
	run  func(settings) error
}

var sections = []section{
	{"scanner", scanner},
	{"proxy", proxy},
	{"sdk", sdk},
	{"windows", windows},
	{"fairness", fairness},
	{"memory", memory},
	{"fleet", fleet},
}

// settings say how long to measure.
type settings struct {
	rounds int           // each pair is measured so often, in turn
	each   time.Duration // how long one measurement of a server lasts
	match  *regexp.Regexp
}

func main() {
	quick := flag.Bool("quick", false, "measure shortly, to see whether everything works")
	match := flag.String("match", "", "a regular expression for the rows of the proxy table")
	flag.Parse()
	s := settings{rounds: 3, each: 2 * time.Second}
	if *quick {
		s = settings{rounds: 1, each: 500 * time.Millisecond}
	}
	var err error
	if s.match, err = regexp.Compile(*match); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	for _, name := range flag.Args() {
		if !slices.ContainsFunc(sections, func(sec section) bool { return sec.name == name }) {
			fmt.Fprintf(os.Stderr, "bench: there is no section %q\n", name)
			os.Exit(2)
		}
	}
	for _, sec := range sections {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), sec.name) {
			continue
		}
		fmt.Printf("\n## %s\n\n", sec.name)
		if err := sec.run(s); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", sec.name, err)
			os.Exit(1)
		}
	}
}
