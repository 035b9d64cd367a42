package cloudfront

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/rewrite"
	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// TestDocumentedJSON compares each handler in README's JSON with what the
// README's first Caddyfile is adapted to.
func TestDocumentedJSON(t *testing.T) {
	readme := readFile(t, "README.md")
	config, err := adapt(fenced(readme, "caddyfile")[0].text)
	if err != nil {
		t.Fatal(err)
	}
	var adapted any
	if err := json.Unmarshal(config, &adapted); err != nil {
		t.Fatal(err)
	}
	var documented map[string]any
	if err := json.Unmarshal([]byte(fenced(readme, "json")[0].text), &documented); err != nil {
		t.Fatal(err)
	}
	if !holds(adapted, documented) {
		t.Errorf("this is not in the adapted config:\n%v\n%s", documented, config)
	}
}

// holds tells whether part is somewhere in the JSON value.
func holds(value any, part map[string]any) bool {
	switch value := value.(type) {
	case map[string]any:
		if reflect.DeepEqual(value, part) {
			return true
		}
		for _, v := range value {
			if holds(v, part) {
				return true
			}
		}
	case []any:
		for _, v := range value {
			if holds(v, part) {
				return true
			}
		}
	}
	return false
}

var subcommand = regexp.MustCompile(`caddy cloudfront ([a-z]+)`)

// TestDocumentedCommands checks that the subcommands exist which the
// documentation names.
func TestDocumentedCommands(t *testing.T) {
	root := &cobra.Command{Use: "cloudfront"}
	caddycmd.Commands()["cloudfront"].CobraFunc(root)
	for _, page := range documentation(t) {
		for _, match := range subcommand.FindAllStringSubmatch(readFile(t, page), -1) {
			if found, _, err := root.Find([]string{match[1]}); err != nil || found == root {
				t.Errorf("%s names %q, which is no command", page, match[0])
			}
		}
	}
}

var reasonConstant = regexp.MustCompile(`(?m)^\t\w+ +reason = "(\w+)"`)

// TestDocumentedReasons looks for every value of the metrics' label `result` in
// the README.
func TestDocumentedReasons(t *testing.T) {
	readme := readFile(t, "README.md")
	var results []string
	for _, file := range []string{"reason.go", "cookie_lifecycle.go"} {
		for _, match := range reasonConstant.FindAllStringSubmatch(readFile(t, file), -1) {
			results = append(results, match[1])
		}
	}
	if len(results) < 15 {
		t.Fatalf("found the reasons %q only", results)
	}
	for _, why := range signer.Reasons {
		results = append(results, string(why))
	}
	for why := range (rewrite.Left{}) {
		if rewrite.Reason(why) != rewrite.LeftUnsigned { // the signer says why
			results = append(results, rewrite.Reason(why).String())
		}
	}
	for _, code := range []signer.Code{signer.MissingKey, signer.InvalidKey, signer.MalformedSignature, signer.MalformedPolicy, signer.AccessDenied} {
		results = append(results, string(code))
	}
	for _, result := range results {
		if !strings.Contains(readme, "`"+result+"`") {
			t.Errorf("README.md does not explain the result %s", result)
		}
	}
}
