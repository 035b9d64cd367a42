package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is a process under measurement.
type server struct {
	cmd  *exec.Cmd
	addr string
	log  *bytes.Buffer
}

// serverCPU and loadCPU keep the server apart from what asks and feeds it.
const (
	serverCPU = "0"
	loadCPU   = "1"
)

// startServer starts a command, pinned to serverCPU where there are two
// processors, and waits until addr accepts connections.
func startServer(addr, name string, args ...string) (*server, error) {
	if runtime.NumCPU() > 1 {
		args = append([]string{"-c", serverCPU, name}, args...)
		name = "taskset"
	}
	s := &server{cmd: exec.Command(name, args...), addr: addr, log: new(bytes.Buffer)}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("%s doesn't listen on %s: %s", name, addr, s.log)
}

// stop ends the process and its children.
func (s *server) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// cpu returns the processor time that the server's process group has used.
func (s *server) cpu() (time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, path := range stats {
		fields, err := statFields(path)
		if err != nil || fields[2] != strconv.Itoa(s.cmd.Process.Pid) {
			continue // another group, or gone in the meantime
		}
		for _, field := range fields[11:13] { // utime and stime, proc(5)
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			ticks += n
		}
	}
	const perSecond = 100 // USER_HZ, the same on all Linux platforms Go knows
	return time.Duration(ticks) * time.Second / perSecond, nil
}

// rss returns the resident memory of the server's process, in bytes.
func (s *server) rss() (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// statFields returns the fields of a stat file that follow the process's name.
func statFields(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, rest, ok := strings.Cut(string(data), ") ")
	if fields := strings.Fields(rest); ok && len(fields) > 13 {
		return fields, nil
	}
	return nil, errors.New("unexpected format of " + path)
}

// buildCaddy builds Caddy with the module, once.
var buildCaddy = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "caddy")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/caddy")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building caddy: %v: %s", err, out)
	}
	return binary, nil
})

// startCaddy runs a Caddyfile whose sites all listen on addr.
func startCaddy(addr, caddyfile string) (*server, error) {
	binary, err := buildCaddy()
	if err != nil {
		return nil, err
	}
	path, err := tempFile("Caddyfile", "{\n\tadmin off\n\tpersist_config off\n\tauto_https off\n\tlog {\n\t\toutput discard\n\t}\n}\n"+caddyfile)
	if err != nil {
		return nil, err
	}
	return startServer(addr, binary, "run", "--adapter", "caddyfile", "--config", path)
}

// tempFile writes a file into a folder of its own.
func tempFile(name, content string) (string, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

// freeAddr returns a loopback address with a port that is free.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// install installs Debian packages whose command is missing.
func install(command string, packages ...string) error {
	if _, err := exec.LookPath(command); err == nil {
		return nil
	}
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, packages...)} {
		if out, err := exec.Command("apt-get", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("installing %s: %v: %s", packages, err, out)
		}
	}
	return nil
}
