package cloudfront

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/http/httpguts"
)

// Requirement says who gets signatures.
type Requirement struct {
	// One of:
	//
	// - `auth`: an authentication handler has set `{http.auth.user.id}`.
	// - `forward_auth`: the auth server answered 2xx with the header field.
	// - `response_header`: the app's response holds the header field, which
	//   is taken off before the response leaves.
	// - `placeholder`: the placeholder is not empty, or has one of the values.
	// - `none`: the route is open.
	Kind string `json:"kind,omitempty"`

	// The header field of `forward_auth` or `response_header`, or the
	// placeholder, without braces, of `placeholder`.
	Name string `json:"name,omitempty"`

	// The values of which one has to be there. Default: any but the empty one.
	Values []string `json:"values,omitempty"`
}

const (
	requireAuth           = "auth"
	requireForwardAuth    = "forward_auth"
	requireResponseHeader = "response_header"
	requirePlaceholder    = "placeholder"
	requireNone           = "none"
)

// requirements are all the things that have to hold.
type requirements []Requirement

// parseRequirements checks them and applies the default.
func parseRequirements(configured []Requirement) (requirements, error) {
	if len(configured) == 0 {
		return requirements{{Kind: requireAuth}}, nil
	}
	parsed := make(requirements, len(configured))
	for i, req := range configured {
		checked, err := req.check()
		if err != nil {
			return nil, err
		}
		if req.Kind == requireNone && len(configured) > 1 {
			return nil, fmt.Errorf("require none: opens the route, so nothing else can be required; remove it or the other require lines")
		}
		parsed[i] = checked
	}
	return parsed, nil
}

// check returns the requirement with its name in the canonical form.
func (req Requirement) check() (Requirement, error) {
	switch req.Kind {
	case requireAuth, requireNone:
		if req.Name != "" || len(req.Values) > 0 {
			return req, fmt.Errorf("require %s: takes no further argument", req.Kind)
		}
	case requireForwardAuth, requireResponseHeader:
		if !httpguts.ValidHeaderFieldName(req.Name) {
			return req, fmt.Errorf("require %s: %q is no header field name; write one such as Remote-User", req.Kind, req.Name)
		}
		req.Name = http.CanonicalHeaderKey(req.Name)
		if req.Kind == requireForwardAuth && len(req.Values) > 0 {
			return req, fmt.Errorf("require forward_auth: takes one header field and no value")
		}
	case requirePlaceholder:
		if err := checkPlaceholder(req.Name); err != nil {
			return req, fmt.Errorf("require: %w", err)
		}
	default:
		return req, fmt.Errorf("require %s: is not known; write auth, forward_auth <Field>, response_header <Field> [<value>], a placeholder such as {http.auth.user.id}, or none", req.Kind)
	}
	return req, nil
}

// caddyVars are variables that Caddy itself sets for every visitor, some of them
// as the client says.
var caddyVars = []string{"client_ip", "trusted_proxy", "root", "uuid", "start_time", "unhandled", "trace_id", "span_id"}

// checkPlaceholder refuses a placeholder whose value a client may choose.
func checkPlaceholder(name string) error {
	switch {
	case slices.Contains(caddyVars, strings.TrimPrefix(name, "http.vars.")):
	case strings.HasPrefix(name, "http.auth."),
		strings.HasPrefix(name, "http.vars."),
		strings.HasPrefix(name, "http.request.tls.client."):
		return nil
	}
	return fmt.Errorf("{%s}: a client may control this value, so it cannot say who a visitor is; "+
		"use {http.auth.user.id}, or copy what an auth server said into a variable that only runs behind it: "+
		"route { forward_auth … ; vars member {http.request.header.Remote-User} ; … } and then {vars.member}", name)
}

func (reqs requirements) has(kind string) bool {
	return slices.ContainsFunc(reqs, func(r Requirement) bool { return r.Kind == kind })
}

// admission decides, for one request, whether requirements hold. What only
// holds on entry to our handler is read there; the rest when the final
// header is written, so that authentication anywhere in the chain counts.
type admission struct {
	requirements requirements
	repl         *caddy.Replacer
	request      *http.Request
	authServer   bool // every forward_auth requirement held on entry
}

// enter is called before the next handler.
func (reqs requirements) enter(r *http.Request) admission {
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	a := admission{requirements: reqs, repl: repl, request: r, authServer: true}
	for _, req := range reqs {
		if req.Kind == requireForwardAuth && !authServerSaid(repl, req.Name) {
			a.authServer = false
		}
	}
	return a
}

// foresee tells on entry whether everything holds, but for what the app may say,
// and if not, whether it may in the end. Handlers inside ours may yet find out
// who the visitor is, as those in a `handle` block do.
func (a admission) foresee() (holds, mayHold bool) {
	holds = true
	for _, req := range a.requirements {
		if req.Kind == requireResponseHeader || a.holds(req, nil) {
			continue
		}
		if holds = false; !req.late() {
			return false, false
		}
	}
	return holds, true
}

// late tells whether what is required can come about after entry.
func (req Requirement) late() bool {
	return req.Kind == requireAuth ||
		req.Kind == requirePlaceholder && !strings.HasPrefix(req.Name, "http.request.tls.client.")
}

// authServerSaid tells whether the auth server's own answer was a 2xx that
// held the field. The request header that forward_auth copies proves nothing:
// a client can send it where forward_auth does not run.
func authServerSaid(repl *caddy.Replacer, field string) bool {
	status, _ := repl.Get("http.reverse_proxy.status_code")
	code, _ := status.(int)
	value, _ := repl.GetString("http.reverse_proxy.header." + field)
	return code >= 200 && code < 300 && value != ""
}

// decide returns an empty reason if everything holds. The response header's
// fields that are required are taken off it, satisfied or not.
func (a admission) decide(header http.Header) reason {
	decision := reasonNone
	for _, req := range a.requirements {
		if !a.holds(req, header) && decision == reasonNone {
			decision = reasonFor[req.Kind]
		}
	}
	return decision
}

var reasonFor = map[string]reason{
	requireAuth:           reasonNoAuth,
	requireForwardAuth:    reasonNoForwardAuth,
	requireResponseHeader: reasonNoResponseHeader,
	requirePlaceholder:    reasonNoPlaceholder,
}

func (a admission) holds(req Requirement, header http.Header) bool {
	switch req.Kind {
	case requireAuth:
		id, _ := a.repl.GetString("http.auth.user.id")
		return id != ""
	case requireForwardAuth:
		return a.authServer
	case requireResponseHeader:
		return req.accepts(takeField(a.request, header, req.Name))
	case requirePlaceholder:
		value, _ := a.repl.GetString(req.Name)
		return req.accepts(value)
	}
	return req.Kind == requireNone
}

func (req Requirement) accepts(value string) bool {
	if len(req.Values) == 0 {
		return value != ""
	}
	return value != "" && slices.Contains(req.Values, value)
}

// takenField is the value of a response header field that one of our handlers
// has taken off. Its type keeps it apart from variables of the config.
type takenField string

// takeField takes a field off the response header. The handler nearest to the
// app sees it first and keeps the value for those further out.
func takeField(r *http.Request, header http.Header, field string) string {
	if values := header[field]; len(values) > 0 {
		delete(header, field)
		caddyhttp.SetVar(r.Context(), takenVar+field, takenField(values[0]))
		return values[0]
	}
	taken, _ := caddyhttp.GetVar(r.Context(), takenVar+field).(takenField)
	return string(taken)
}

const takenVar = "cloudfront.response_header."

// forget is called when a response has turned into an error: what the app said
// in it says nothing about the page that comes instead.
func (reqs requirements) forget(r *http.Request) {
	for _, field := range reqs.responseFields() {
		caddyhttp.SetVar(r.Context(), takenVar+field, nil)
	}
}

// responseFields are the header fields that decide takes off, which have to
// be taken off trailers too.
func (reqs requirements) responseFields() []string {
	var fields []string
	for _, req := range reqs {
		if req.Kind == requireResponseHeader {
			fields = append(fields, req.Name)
		}
	}
	return fields
}
