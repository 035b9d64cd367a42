package cloudfront

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium, driven through the DevTools protocol over a
// pair of pipes (--remote-debugging-pipe).
type browser struct {
	t  *testing.T
	to io.Writer

	mu      sync.Mutex
	calls   int
	waiting map[int]chan devToolsAnswer
}

type devToolsAnswer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// browserPatience is how long a test waits for a browser before it gives up.
const browserPatience = 60 * time.Second

// startBrowser skips the test, loudly, where there is no Chromium, unless
// CLOUDFRONT_REQUIRE_PEERS is 1.
func startBrowser(t *testing.T, flags ...string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1" {
			t.Fatal("chromium is missing: ", err)
		}
		t.Skip("SKIPPED: no browser has judged the cookies, because chromium is missing: ", err)
	}
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(profile) })

	command := exec.Command(path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir=" + profile, "--remote-debugging-pipe",
	}, flags...)...)
	fromUs, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.ExtraFiles = []*os.File{fromUs, toUs} // descriptors 3 and 4 there
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	fromUs.Close()
	toUs.Close()
	b := &browser{t: t, to: toBrowser, waiting: make(map[int]chan devToolsAnswer)}
	go b.read(fromBrowser)
	t.Cleanup(func() {
		toBrowser.Close() // ends it
		ended := time.AfterFunc(browserPatience, func() { command.Process.Kill() })
		command.Wait()
		ended.Stop()
		fromBrowser.Close()
	})
	return b
}

// read hands answers to those who wait for them. Messages end with a zero byte.
func (b *browser) read(from io.Reader) {
	r := bufio.NewReader(from)
	for {
		message, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var answer devToolsAnswer
		if json.Unmarshal(message[:len(message)-1], &answer) != nil || answer.ID == 0 {
			continue // an event
		}
		b.mu.Lock()
		waiting := b.waiting[answer.ID]
		delete(b.waiting, answer.ID)
		b.mu.Unlock()
		waiting <- answer
	}
}

// call calls a method of the DevTools protocol and stores what it returns.
func (b *browser) call(session, method string, params, result any) error {
	waiting := make(chan devToolsAnswer, 1)
	b.mu.Lock()
	b.calls++
	id := b.calls
	b.waiting[id] = waiting
	b.mu.Unlock()
	message, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Session string `json:"sessionId,omitempty"`
		Method  string `json:"method"`
		Params  any    `json:"params,omitempty"`
	}{id, session, method, params})
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(message, 0)); err != nil {
		return err
	}
	select {
	case answer := <-waiting:
		if answer.Error != nil {
			return fmt.Errorf("%s: %s", method, answer.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(answer.Result, result)
	case <-time.After(browserPatience):
		return fmt.Errorf("%s: no answer", method)
	}
}

type m = map[string]any

// tab is a page in a profile of its own.
type tab struct {
	*browser
	session string
}

// newPage opens a tab in a new, anonymous profile.
func (b *browser) newTab() *tab {
	b.t.Helper()
	var profile struct {
		ID string `json:"browserContextId"`
	}
	var target struct {
		ID string `json:"targetId"`
	}
	var attached struct {
		ID string `json:"sessionId"`
	}
	b.must(b.call("", "Target.createBrowserContext", nil, &profile))
	b.must(b.call("", "Target.createTarget", m{"url": "about:blank", "browserContextId": profile.ID, "width": 900, "height": 600}, &target))
	b.must(b.call("", "Target.attachToTarget", m{"targetId": target.ID, "flatten": true}, &attached))
	return &tab{b, attached.ID}
}

func (b *browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// open goes to a URL and waits until all that the document holds is loaded.
func (p *tab) open(url string) {
	p.t.Helper()
	var navigation struct {
		Error string `json:"errorText"`
	}
	p.must(p.call(p.session, "Page.navigate", m{"url": url}, &navigation))
	if navigation.Error != "" {
		p.t.Fatalf("%s: %s", url, navigation.Error)
	}
	p.waitFor(`document.readyState === "complete" && location.href !== "about:blank"`)
}

// eval stores the value of a JavaScript expression; promises are awaited.
func (p *tab) eval(expression string, value any) error {
	var evaluated struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	if err := p.call(p.session, "Runtime.evaluate", m{"expression": expression, "awaitPromise": true, "returnByValue": true}, &evaluated); err != nil {
		return err
	}
	if e := evaluated.Exception; e != nil {
		return fmt.Errorf("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	return json.Unmarshal(evaluated.Result.Value, value)
}

// waitFor waits until an expression is true, over navigations if need be.
func (p *tab) waitFor(expression string) {
	p.t.Helper()
	var err error
	for deadline := time.Now().Add(browserPatience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var done bool
		if err = p.eval(expression, &done); err == nil && done {
			return
		}
	}
	p.t.Fatalf("waited in vain for %s: %v", expression, err)
}

// browserCookie is a cookie as the browser keeps it.
type browserCookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Domain   string `json:"domain"`
	Path     string `json:"path"`
	HTTPOnly bool   `json:"httpOnly"`
	Secure   bool   `json:"secure"`
	Session  bool   `json:"session"`
	SameSite string `json:"sameSite"`
}

// cookies returns those that the browser would send to the URLs.
func (p *tab) cookies(urls ...string) []browserCookie {
	p.t.Helper()
	var got struct {
		Cookies []browserCookie `json:"cookies"`
	}
	p.must(p.call(p.session, "Network.getCookies", m{"urls": urls}, &got))
	return got.Cookies
}

// screenshot writes a picture of the page for people to look at, to the folder
// that CLOUDFRONT_SCREENSHOTS names.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	folder := os.Getenv("CLOUDFRONT_SCREENSHOTS")
	if folder == "" {
		return
	}
	var shot struct {
		Data string `json:"data"`
	}
	p.must(p.call(p.session, "Page.captureScreenshot", nil, &shot))
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	p.must(err)
	p.must(os.WriteFile(filepath.Join(folder, name), picture, 0o644))
}
