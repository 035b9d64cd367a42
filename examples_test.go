package cloudfront

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestExamples validates every example, and Caddyfile.example, as `caddy
// validate` does.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("examples/*.caddyfile")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d examples: %v", len(files), err)
	}
	readme := readFile(t, "README.md")
	for _, file := range append(files, "Caddyfile.example") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if !strings.Contains(readme, "]("+filepath.ToSlash(file)+")") {
				t.Error("README.md does not name it")
			}
			text := readFile(t, file)
			checkFormatted(t, text)
			if err := validate(withStorage(t, withKeys(t, text))); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDocumentedCaddyfiles validates every Caddyfile in the documentation.
func TestDocumentedCaddyfiles(t *testing.T) {
	for _, page := range documentation(t) {
		for _, block := range fenced(readFile(t, page), "caddyfile") {
			t.Run(page+":"+block.line, func(t *testing.T) {
				checkFormatted(t, block.text)
				if err := validate(withStorage(t, withKeys(t, block.text))); err != nil {
					t.Errorf("%v\n%s", err, block.text)
				}
			})
		}
	}
}

func checkFormatted(t *testing.T, text string) {
	t.Helper()
	if formatted := caddyfile.Format([]byte(text)); !bytes.Equal(bytes.TrimSpace(formatted), []byte(strings.TrimSpace(text))) {
		t.Errorf("caddy fmt would write:\n%s", formatted)
	}
}

var filesInEtc = regexp.MustCompile(`/etc/caddy/[\w.-]+\.(?:pem|crt)`)

// withKeys puts keys and certificates of the day in the place of those that
// examples take from /etc/caddy.
func withKeys(t *testing.T, text string) string {
	t.Helper()
	private, public := writeKey(t, rsaKey())
	return filesInEtc.ReplaceAllStringFunc(text, func(path string) string {
		switch {
		case strings.HasSuffix(path, ".crt"):
			return writeFile(t, "ca.crt", certificateAuthority(t))
		case strings.HasSuffix(path, ".pub.pem"):
			return public
		}
		return private
	})
}

func certificateAuthority(t *testing.T) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Company"},
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ecKey().Public(), ecKey())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// withStorage keeps a config out of this machine's own storage. A config
// without global options gets the signer that the documentation calls media.
func withStorage(t *testing.T, text string) string {
	t.Helper()
	storage := "\tstorage file_system " + t.TempDir() + "\n\tlog {\n\t\tlevel ERROR\n\t}\n"
	if before, after, found := strings.Cut(text, "{\n"); found && onlyComments(before) {
		return before + "{\n" + storage + after
	}
	private, _ := writeKey(t, rsaKey())
	return "{\n" + storage + "\tcloudfront {\n\t\tsigner media {\n\t\t\tkey_file " + private +
		"\n\t\t\tkey_pair_id K2JCJMDEHXQW5F\n\t\t\tresource https://cdn.example.com/private/*\n\t\t}\n\t}\n}\n" + text
}

func onlyComments(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// documentation lists the project's Markdown pages.
func documentation(t *testing.T) []string {
	t.Helper()
	pages := []string{"README.md", "xcaddy.md"}
	more, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(pages, more...)
}

type block struct{ line, text string }

// fenced returns the fenced code blocks in a language.
func fenced(page, language string) []block {
	var blocks []block
	var open *block
	number := 0
	for line := range strings.Lines(page) {
		number++
		switch fence := strings.TrimSpace(line); {
		case open == nil && fence == "```"+language:
			open = &block{line: strconv.Itoa(number)}
		case open != nil && fence == "```":
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += line
		}
	}
	return blocks
}
