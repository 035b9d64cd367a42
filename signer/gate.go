package signer

import (
	"runtime"
	"sync"
)

// gate shares the processors between the calls that wait for signatures. Every
// call has a line of jobs, and one job of each line is done in turn, by at most
// as many goroutines as there are processors.
type gate struct {
	mu      sync.Mutex
	lines   []*line
	workers int
}

type line struct{ jobs []*job }

// signing is the gate of the whole process: the processors are what it shares.
var signing gate

// do returns when the jobs are done. A job may stand in several lines: the
// first whose turn it is does it for all.
func (g *gate) do(jobs []*job) {
	g.mu.Lock()
	g.lines = append(g.lines, &line{jobs})
	for spawn := min(len(jobs), runtime.GOMAXPROCS(0)-g.workers); spawn > 0; spawn-- {
		g.workers++
		go g.work()
	}
	g.mu.Unlock()
	for _, j := range jobs {
		<-j.done
	}
}

func (g *gate) work() {
	for {
		j, ok := g.next()
		if !ok {
			return
		}
		if j != nil {
			j.run()
			// Requests whose signatures are cached come first.
			runtime.Gosched()
		}
	}
}

// next returns the job whose turn it is, nil if somebody else took it, and false
// when there is nothing left for the worker to do.
func (g *gate) next() (*job, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.lines) == 0 {
		g.lines = nil
		g.workers--
		return nil, false
	}
	l := g.lines[0]
	g.lines = g.lines[1:]
	j := l.jobs[0]
	if l.jobs = l.jobs[1:]; len(l.jobs) > 0 {
		g.lines = append(g.lines, l)
	}
	if j.taken {
		return nil, true
	}
	j.taken = true
	return j, true
}

// take claims a job for a caller who will do it without waiting in line.
func (g *gate) take(j *job) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	ok := !j.taken
	j.taken = true
	return ok
}
