package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is one measurement of a server under load.
type sample struct {
	perSecond float64
	cpu       time.Duration // of the server, per request
	p50, p99  time.Duration
	bytes     int64 // of one response's body, on the wire
}

// load asks the server for path from 8 connections for a while.
func load(s *server, path string, header []string, each time.Duration) (sample, error) {
	if err := install("wrk", "wrk"); err != nil {
		return sample{}, err
	}
	url := "http://" + s.addr + path
	size, err := fetchSize(url, header)
	if err != nil {
		return sample{}, err
	}
	before, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	args := []string{"-t1", "-c8", "--latency", "-d" + strconv.FormatFloat(max(1, each.Seconds()), 'f', 0, 64) + "s"}
	for _, field := range header {
		args = append(args, "-H", field)
	}
	name := "wrk"
	if runtime.NumCPU() > 1 {
		args = append([]string{"-c", loadCPU, name}, args...)
		name = "taskset"
	}
	out, err := exec.Command(name, append(args, url)...).CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("wrk: %v: %s", err, out)
	}
	after, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	return parseWrk(string(out), after-before, size)
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in ([\d.]+)s`)
	wrkLatency  = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([\d.]+)(us|ms|s)`)
	wrkFailed   = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)|Socket errors: .*`)
)

func parseWrk(out string, cpu time.Duration, size int64) (sample, error) {
	if failed := wrkFailed.FindString(out); failed != "" {
		return sample{}, fmt.Errorf("wrk: %s", failed)
	}
	match := wrkRequests.FindStringSubmatch(out)
	if match == nil {
		return sample{}, fmt.Errorf("wrk printed no number of requests: %s", out)
	}
	n, _ := strconv.ParseFloat(match[1], 64)
	seconds, _ := strconv.ParseFloat(match[2], 64)
	if n == 0 {
		return sample{}, fmt.Errorf("no request was answered: %s", out)
	}
	s := sample{perSecond: n / seconds, cpu: time.Duration(float64(cpu) / n), bytes: size}
	for _, match := range wrkLatency.FindAllStringSubmatch(out, -1) {
		latency, err := time.ParseDuration(match[2] + match[3])
		if err != nil {
			return sample{}, err
		}
		if match[1] == "50" {
			s.p50 = latency
		} else {
			s.p99 = latency
		}
	}
	return s, nil
}

// fetchSize asks once, which also warms the server, and returns how long the
// body is on the wire.
func fetchSize(url string, header []string) (int64, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	for _, field := range header {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", url, resp.Status)
	}
	var size int64
	for buf := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(buf)
		size += int64(n)
		if err != nil {
			return size, nil
		}
	}
}

// median returns the middle one of the values.
func median[T ~int64 | ~float64](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
