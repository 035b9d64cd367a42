package cloudfront

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// resource is a configured resource pattern in which whole path segments may
// be placeholders that stand for something about the visitor.
type resource struct {
	configured string
	static     signer.Pattern // without placeholders: the pattern itself
	segments   []string       // with placeholders: the pattern split at each "/"
	widest     signer.Pattern // holds the pattern of every visitor
}

var (
	anyPlaceholderRE = regexp.MustCompile(`\{([^{}]+)\}`)
	placeholderRE    = regexp.MustCompile(`^` + anyPlaceholderRE.String() + `$`)
)

// parseResource expands what is known when the config is loaded and checks
// that every other placeholder is a whole path segment that no client controls.
func parseResource(configured string) (resource, error) {
	expanded, err := expandStatic(configured)
	if err != nil {
		return resource{}, err
	}
	r := resource{configured: configured}
	segments := strings.Split(expanded, "/")
	widest := expanded
	for i, segment := range segments {
		if !strings.ContainsAny(segment, "{}") {
			continue
		}
		match := placeholderRE.FindStringSubmatch(segment)
		if match == nil || i < 3 || i == len(segments)-1 {
			return resource{}, fmt.Errorf("%q: a placeholder has to be one whole segment of the path, followed by '/', as in https://cdn.example.com/users/{http.auth.user.id}/*", segment)
		}
		if err := checkPlaceholder(match[1]); err != nil {
			return resource{}, err
		}
		if r.segments == nil {
			widest = strings.Join(segments[:i], "/") + "/*"
		}
		r.segments = segments
	}
	r.static, err = signer.ParsePattern(strings.Join(withPlaceholders(segments, func(string) string { return "visitor" }), "/"))
	if err != nil {
		return resource{}, err
	}
	r.widest, err = signer.ParsePattern(widest)
	return r, err
}

// parseExcept parses a pattern of exceptions, which are the same for all visitors.
func parseExcept(configured string) (signer.Pattern, error) {
	expanded, err := expandStatic(configured)
	if err != nil {
		return signer.Pattern{}, err
	}
	if strings.ContainsAny(expanded, "{}") {
		return signer.Pattern{}, errors.New("an exception holds for all visitors, so no placeholder about a request can stand in it; write a pattern such as https://cdn.example.com/users/admin/*")
	}
	return signer.ParsePattern(expanded)
}

// expandStatic expands {env.*}, {file.*} and the like and leaves placeholders
// about requests as they are.
func expandStatic(value string) (string, error) {
	return caddy.NewReplacer().ReplaceFunc(value, func(name string, val any) (any, error) {
		if isRequestPlaceholder(name) {
			return "{" + name + "}", nil
		}
		text := caddy.ToString(val)
		if text == "" {
			return nil, fmt.Errorf("the placeholder {%s} is unknown or empty", name)
		}
		return text, nil
	})
}

// needsEnvironment tells whether a pattern holds placeholders that are only
// known when the config is loaded.
func needsEnvironment(pattern string) bool {
	for _, match := range anyPlaceholderRE.FindAllStringSubmatch(pattern, -1) {
		if !isRequestPlaceholder(match[1]) {
			return true
		}
	}
	return false
}

func isRequestPlaceholder(name string) bool {
	return strings.HasPrefix(name, "http.")
}

// withPlaceholders returns the segments with every placeholder replaced.
func withPlaceholders(segments []string, value func(name string) string) []string {
	replaced := make([]string, len(segments))
	for i, segment := range segments {
		replaced[i] = segment
		if match := placeholderRE.FindStringSubmatch(segment); match != nil {
			replaced[i] = value(match[1])
		}
	}
	return replaced
}

func (r resource) perVisitor() bool { return r.segments != nil }

// resolve returns the pattern for one visitor. It is false if a value is
// empty or could widen or move the policy.
func (r resource) resolve(repl *caddy.Replacer) (signer.Pattern, bool) {
	if !r.perVisitor() {
		return r.static, true
	}
	ok := true
	segments := withPlaceholders(r.segments, func(name string) string {
		value, _ := repl.GetString(name)
		segment, err := signer.Segment(value)
		ok = ok && err == nil
		return segment
	})
	if !ok {
		return signer.Pattern{}, false
	}
	pattern, err := signer.ParsePattern(strings.Join(segments, "/"))
	return pattern, err == nil
}
