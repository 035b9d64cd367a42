package cloudfront

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDemo starts Caddyfile.example as a newcomer does, in a copy of the
// checkout and on ports that are free, and walks through the site as two
// visitors.
func TestDemo(t *testing.T) {
	demo := startDemo(t)

	t.Run("anonymous", func(t *testing.T) {
		visitor := newDemoVisitor(t)
		for _, path := range []string{"/links/", "/cookies/"} {
			page := visitor.get(demo.site+path, "Remote-User: Ada") // a client's own word
			if page.StatusCode != 200 {
				t.Fatalf("%s: status %d", path, page.StatusCode)
			}
			links := demo.links(page.body)
			if len(links) != len(demo.files) {
				t.Fatalf("%s has %d links, want %d: %q", path, len(links), len(demo.files), links)
			}
			for _, link := range links {
				if strings.Contains(link, "?") {
					t.Errorf("%s: signed for an anonymous visitor: %s", path, link)
				}
				demo.refused(t, visitor, link, "MissingKey")
			}
			if cookies := page.Header["Set-Cookie"]; len(cookies) > 0 {
				t.Errorf("%s: cookies for an anonymous visitor: %q", path, cookies)
			}
		}
	})

	t.Run("links", func(t *testing.T) {
		visitor := newDemoVisitor(t)
		page := visitor.submit(demo.site + "/links/login")
		links := demo.links(page.body)
		if len(links) != len(demo.files) {
			t.Fatalf("%d links, want %d: %q", len(links), len(demo.files), links)
		}
		for _, link := range links {
			demo.served(t, visitor, link)
			bare, _, _ := strings.Cut(link, "?")
			demo.refused(t, visitor, bare, "MissingKey")
			demo.refused(t, visitor, link+"x", "")
		}
		if text := "&lt;img src=\"" + demo.edge + "/private/lighthouse.svg\"&gt;"; !strings.Contains(page.body, text) {
			t.Errorf("%s is text that visitors read, and is not in the page as it was", text)
		}
		if cookies := page.Header["Set-Cookie"]; len(cookies) > 0 {
			t.Errorf("cookies with the links: %q", cookies)
		}

		// A window may end between two of three requests, but not twice.
		second, third := visitor.get(demo.site+"/links/"), visitor.get(demo.site+"/links/")
		if page.body != second.body && second.body != third.body {
			t.Error("the page is not the same a moment later")
		}
	})

	t.Run("cookies", func(t *testing.T) {
		visitor := newDemoVisitor(t)
		page := visitor.submit(demo.site + "/cookies/login")
		var names []string
		for _, line := range page.Header["Set-Cookie"] {
			name, _, _ := strings.Cut(line, "=")
			names = append(names, name)
		}
		for _, name := range []string{"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id", "CloudFront-Hash-Algorithm"} {
			if !slices.Contains(names, name) {
				t.Errorf("no cookie %s among %q", name, names)
			}
		}
		links := demo.links(page.body)
		for _, link := range links {
			if strings.Contains(link, "?") {
				t.Errorf("a signed link with the cookies: %s", link)
			}
			demo.served(t, visitor, link)
			demo.refused(t, newDemoVisitor(t), link, "MissingKey")
		}
		visitor.submit(demo.site + "/cookies/logout")
		for _, link := range links {
			demo.refused(t, visitor, link, "MissingKey")
		}
	})

	demo.stop(t)
}

type demo struct {
	site, edge string
	folder     string
	files      []string // names of the private files
	before     []string // all files in the folder when Caddy was started
	process    *exec.Cmd
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(t.TempDir(), "caddy")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "build", "-o", binary, "./cmd/caddy")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		t.Fatal(err)
	}

	var pairs []string
	addresses := map[string]string{}
	for _, port := range []string{"8080", "8081", "8082", "2019"} {
		_, free, _ := strings.Cut(freeAddr(t), ":")
		addresses[port] = "http://localhost:" + free
		pairs = append(pairs, "localhost:"+port, "localhost:"+free)
	}
	pairs = append(pairs, "\tpersist_config off\n", "\tpersist_config off\n\tadmin "+strings.TrimPrefix(addresses["2019"], "http://")+"\n")
	ports := strings.NewReplacer(pairs...)
	for _, file := range append(listFiles(t, "examples/demo"), "Caddyfile.example") {
		target := filepath.Join(folder, file)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, []byte(ports.Replace(readFile(t, file))), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	d := &demo{site: addresses["8080"], edge: addresses["8082"], folder: folder, before: listFiles(t, folder)}
	entries, err := os.ReadDir("examples/demo/private")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		d.files = append(d.files, entry.Name())
	}

	d.process = exec.Command(binary, "run", "--config", "Caddyfile.example")
	d.process.Dir = folder
	home := t.TempDir()
	d.process.Env = append(os.Environ(), "HOME="+home, "AppData="+home, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	logs, err := os.Create(filepath.Join(home, "log"))
	if err != nil {
		t.Fatal(err)
	}
	d.process.Stderr = logs
	if err := d.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.process.Process.Kill()
		_ = logs.Close()
		if t.Failed() {
			t.Log(readFile(t, logs.Name()))
		}
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(d.site)
		if err == nil {
			_ = response.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the demo did not start within a minute: %v", err)
		}
	}
	return d
}

// stop ends the demo as Ctrl-C does, and looks at what it leaves.
func (d *demo) stop(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	if err := d.process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := d.process.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	if after := listFiles(t, d.folder); !slices.Equal(d.before, after) {
		t.Errorf("files in the checkout before %q and after %q", d.before, after)
	}
}

// links returns the links to private files that a browser would follow, each
// file's once.
func (d *demo) links(page string) []string {
	var links []string
	pattern := regexp.MustCompile(`(?:[a-z]="|\tconst tides = ")(` + regexp.QuoteMeta(d.edge) + `/private/[^" ]+)`)
	for _, match := range pattern.FindAllStringSubmatchIndex(page, -1) {
		// What begins with an escaped '<' is text and no tag.
		tag := page[:match[0]]
		if strings.LastIndex(tag, "&lt;") > strings.LastIndexAny(tag, "<>") {
			continue
		}
		link := strings.ReplaceAll(page[match[2]:match[3]], "&amp;", "&")
		if !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	return links
}

func (d *demo) served(t *testing.T, v *visitor, link string) {
	t.Helper()
	address, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	answer := v.get(link)
	if answer.StatusCode != 200 {
		t.Errorf("%s: status %d: %.100q", link, answer.StatusCode, answer.body)
		return
	}
	if want := readFile(t, filepath.Join("examples/demo", address.Path)); answer.body != want {
		t.Errorf("%s: %d bytes, want the %d of the file", link, len(answer.body), len(want))
	}
}

func (d *demo) refused(t *testing.T, v *visitor, link, code string) {
	t.Helper()
	answer := v.get(link)
	if answer.StatusCode != 403 || !strings.Contains(answer.body, "<Code>"+code) {
		t.Errorf("%s: status %d, want 403 %s: %.100q", link, answer.StatusCode, code, answer.body)
	}
}

func newDemoVisitor(t *testing.T) *visitor {
	return &visitor{t, http.Client{Jar: newJar(t)}}
}

// submit posts a form without fields and follows the redirect.
func (v *visitor) submit(link string) answer {
	v.t.Helper()
	response, err := v.client.PostForm(link, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{response, string(body)}
}
