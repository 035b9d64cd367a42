package cloudfront

import (
	"strings"
	"testing"
)

// Mistakes that the text shows are answered with file and line.
func TestCaddyfileMistakes(t *testing.T) {
	const key = "\t\tkey internal\n"
	links := func(lines ...string) string {
		return ":9999\ncloudfront_links {\n" + strings.Join(lines, "\n") + "\n}\n"
	}
	tests := []struct {
		name, text, want string
		line             string
	}{
		{"unknown option", links("resuorce https://cdn.example.com/*"), `cloudfront_links has no option "resuorce"; it has backdate, except`, "Caddyfile:3"},
		{"given twice", links("ttl 1h", "ttl 2h"), "ttl is given twice", "Caddyfile:4"},
		{"two keys", links("key internal", "key_file /etc/key.pem"), "remove either key_file or key", "Caddyfile:4"},
		{"literal PEM", links("key pem `-----BEGIN PRIVATE KEY-----\nMIIB`"), "a key must not stand in the config", "Caddyfile:3"},
		{"literal PEM as source", links("key `-----BEGIN PRIVATE KEY-----\nMIIB`"), "a key must not stand in the config", "Caddyfile:3"},
		{"PEM as path", links("key_file `-----BEGIN PRIVATE KEY-----\nMIIB`"), "takes the path of a file, not the key itself", "Caddyfile:3"},
		{"unknown key source", links("key kms alias/x"), `there is no source "kms"`, "Caddyfile:3"},
		{"bad key-pair ID", links("key_pair_id K2JC-MDEH"), "letters and digits", "Caddyfile:3"},
		{"bad hash", links("hash md5"), `hash: "md5" is not known; write one of sha256, sha1`, "Caddyfile:3"},
		{"relative pattern", links("resource /private/*"), "resource /private/*:", "Caddyfile:3"},
		{"quote in pattern", links("resource `https://cdn.example.com/\"*`"), "resource https://cdn.example.com/\"*:", "Caddyfile:3"},
		{"backslash in pattern", links(`resource https://cdn.example.com/\*`), "resource", "Caddyfile:3"},
		{"fragment in pattern", links("resource https://cdn.example.com/*#x"), "#", "Caddyfile:3"},
		{"non-ASCII pattern", links("resource https://cdn.example.com/ü/*"), "resource", "Caddyfile:3"},
		{"ambiguous pattern for links", links("key internal", "resource https://cdn.example.com/a*z", "scope resource"), "resource https://cdn.example.com/a*z:", "Caddyfile:6"},
		{"no key", links("resource https://cdn.example.com/*"), "no private key; write key_file <path>", "Caddyfile:4"},
		{"no resource", links("key internal"), "no resource; write resource", "Caddyfile:4"},
		{"ttl of nothing", links("ttl 0s"), "ttl 0s: has to lie between 1s", "Caddyfile:3"},
		{"endless ttl", links("ttl 36500d"), "has to lie between 1s", "Caddyfile:3"},
		{"negative backdate", links("backdate -1m"), "backdate -1m0s: has to lie between 0", "Caddyfile:3"},
		{"window of a fraction", links("window 1500ms"), "window 1.5s: CloudFront counts whole seconds; write 2s", "Caddyfile:3"},
		{"window over half of the default ttl", links("key internal", "resource https://cdn.example.com/*", "window 40m"), "window 40m0s: has to be at most half of the ttl", "Caddyfile:6"},
		{"require none and auth", links("require none", "require auth"), "require none: opens the route", "Caddyfile:4"},
		{"except about a request", links("except https://cdn.example.com/{http.auth.user.id}/*"), "no placeholder about a request", "Caddyfile:3"},
		{"except inside a resource that is opened as a whole", links("key internal", "scope resource", "resource https://cdn.example.com/*", "except https://cdn.example.com/keys/*"), "except https://cdn.example.com/keys/*: lies inside resource", "Caddyfile:7"},
		{"name of an internal key", links("key internal Bad.Name"), `"Bad.Name" holds 'B'`, "Caddyfile:3"},
		{"redirect before there is a response", ":9999\ncloudfront_redirect https://cdn.example.com{uri} {\nkey internal\nresource https://cdn.example.com/*\nrequire response_header X\n}\n", "there is no response yet", "Caddyfile:6"},
		{"edge without keys", ":9999\ncloudfront_verify\n", "no key is trusted; name a signer", "Caddyfile:2"},
		{"ambiguous pattern for cookies", ":9999\ncloudfront_cookies {\nresource https://cdn.example.com/a*z\n}\n", "resource https://cdn.example.com/a*z:", "Caddyfile:3"},
		{"placeholder in part of a segment", links("resource https://cdn.example.com/u-{http.auth.user.id}/*"), "one whole segment", "Caddyfile:3"},
		{"placeholder that a client controls", links("resource https://cdn.example.com/{header.X-User}/*"), "a client may control this value", "Caddyfile:3"},
		{"bad except", links("except private"), "except private:", "Caddyfile:3"},
		{"no duration", links("ttl soon"), `ttl: "soon" is no duration`, "Caddyfile:3"},
		{"window over half of the ttl", links("window 40m", "ttl 1h"), "has to be at most half of the ttl", "Caddyfile:3"},
		{"IPv6 network", links("ip 2001:db8::/32"), "IPv4 only", "Caddyfile:3"},
		{"bare address", links("ip 192.0.2.1"), "write 192.0.2.1/32", "Caddyfile:3"},
		{"require what a client sends", links("require {header.Remote-User}"), "a client may control this value", "Caddyfile:3"},
		{"require a cookie", links("require {cookie.session}"), "a client may control this value", "Caddyfile:3"},
		{"require client_ip", links("require {client_ip}"), "a client may control this value", "Caddyfile:3"},
		{"require something unknown", links("require admin"), "require admin: is not known", "Caddyfile:3"},
		{"require a bad field", links("require response_header ´x"), "is no header field name", "Caddyfile:3"},
		{"bad scope", links("scope page"), `scope: "page" is not known; write one of link, directory, resource`, "Caddyfile:3"},
		{"map without slash", links("map /assets https://cdn.example.com/"), "has to begin and end in '/'", "Caddyfile:3"},
		{"bad mime", links("mime html"), "is no media type", "Caddyfile:3"},
		{"URL as signer", ":9999\ncloudfront_links https://cdn.example.com/*\n", "write it in the block: resource https://cdn.example.com/*", "Caddyfile:2"},
		{"name and key", ":9999\ncloudfront_links media {\n" + key + "}\n", "is named and a key is given as well", "Caddyfile:"},
		{"signer's name", "{\ncloudfront {\nsigner Media {\n}\n}\n}\n", `signer name "Media" holds 'M'`, "Caddyfile:3"},
		{"signer twice", "{\ncloudfront {\nsigner a {\n}\nsigner a {\n}\n}\n}\n", "signer a is given twice", "Caddyfile:5"},
		{"size", "{\ncloudfront {\ncache_size lots\n}\n}\n", `"lots" is no size`, "Caddyfile:3"},
		{"cookie path with wildcard", ":9999\ncloudfront_cookies {\nresource https://cdn.example.com/a/* path /a/*\n}\n", "no wildcard", "Caddyfile:3"},
		{"two patterns with a path", ":9999\ncloudfront_cookies {\nresource https://cdn.example.com/a/* https://cdn.example.com/b/* path /a\n}\n", "exactly one pattern", "Caddyfile:3"},
		{"secure on", ":9999\ncloudfront_cookies {\nsecure on\n}\n", "write secure off", "Caddyfile:3"},
		{"redirect nowhere", ":9999\ncloudfront_redirect\n", "takes the URL to redirect to", "Caddyfile:2"},
		{"redirect status", ":9999\ncloudfront_redirect https://cdn.example.com{uri} {\nstatus 301\n}\n", "write 302, 303 or 307", "Caddyfile:3"},
		{"trusted key", ":9999\ncloudfront_verify {\ntrusted_key K1\n}\n", "takes a key-pair ID and the path", "Caddyfile:3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := adapt(tt.text)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range []string{tt.want, tt.line} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "MIIB") {
				t.Errorf("the error quotes the key: %q", err)
			}
		})
	}
}

// Mistakes that only provisioning can know are answered with handler, signer,
// option and value.
func TestProvisioningMistakes(t *testing.T) {
	rsaFile, rsaPublic := writeKey(t, rsaKey())
	ecFile, _ := writeKey(t, ecKey())
	t.Setenv("CLOUDFRONT_TEST_PUBLIC", readFile(t, rsaPublic))
	t.Setenv("CLOUDFRONT_TEST_NO_PEM", "hunter2-is-no-key")
	t.Setenv("CLOUDFRONT_TEST_KEY", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")

	const resource = "resource https://cdn.example.com/private/*\n"
	links := func(lines string) string { return ":9999\ncloudfront_links {\n" + lines + "\n}\n" }
	tests := []struct {
		name, globals, sites string
		want                 []string
	}{
		{"no key", "", links(resource), []string{"cloudfront_links", "no private key", "key_file <path>"}},
		{"no key-pair ID", "", links(resource + "key_file " + rsaFile), []string{"cloudfront_links", "no key_pair_id"}},
		{"no resource", "", links("key_file " + rsaFile + "\nkey_pair_id K1"), []string{"cloudfront_links", "no resource"}},
		{"missing key file", "", links(resource + "key_file /nonexistent/key.pem\nkey_pair_id K1"), []string{"cloudfront_links", "key_file", "/nonexistent/key.pem"}},
		{"public key as private", "", links(resource + "key_file " + rsaPublic + "\nkey_pair_id K1"), []string{"cloudfront_links", "key_file", "public"}},
		{"public key in a placeholder", "", links(resource + "key pem {env.CLOUDFRONT_TEST_PUBLIC}\nkey_pair_id K1"), []string{"cloudfront_links", "key pem {env.CLOUDFRONT_TEST_PUBLIC}", "public"}},
		{"placeholder that is no key", "", links(resource + "key pem {env.CLOUDFRONT_TEST_NO_PEM}\nkey_pair_id K1"), []string{"cloudfront_links", "key pem {env.CLOUDFRONT_TEST_NO_PEM}"}},
		{"key as path", "", links(resource + "key_file {env.CLOUDFRONT_TEST_KEY}\nkey_pair_id K1"), []string{"cloudfront_links", "key_file {env.CLOUDFRONT_TEST_KEY}"}},
		{"key as path of a previous one", "", links(resource + "key internal\nprevious K0 {env.CLOUDFRONT_TEST_KEY}"), []string{"cloudfront_links", "previous K0 {env.CLOUDFRONT_TEST_KEY}"}},
		{"empty placeholder", "", links(resource + "key pem {env.CLOUDFRONT_TEST_UNSET}\nkey_pair_id K1"), []string{"cloudfront_links", "{env.CLOUDFRONT_TEST_UNSET}"}},
		{"EC with sha1", "", links(resource + "key_file " + ecFile + "\nkey_pair_id K1\nhash sha1"), []string{"cloudfront_links", "sha1"}},
		{"empty key-pair ID placeholder", "", links(resource + "key_file " + rsaFile + "\nkey_pair_id {env.CLOUDFRONT_TEST_UNSET}"), []string{"key_pair_id", "{env.CLOUDFRONT_TEST_UNSET}"}},
		{"unknown signer", "", ":9999\ncloudfront_links media\n", []string{"cloudfront_links", `no signer "media"`, "cloudfront { signer media"}},
		{"named signer without key", "cloudfront {\nsigner media {\n" + resource + "}\n}\n", ":9999\ncloudfront_links media\n", []string{"signer media", "no private key"}},
		{"named signer without resource", "cloudfront {\nsigner media {\nkey internal\n}\n}\n", ":9999\ncloudfront_links media\n", []string{"cloudfront_links", "signer media", "no resource"}},
		{"window of the signer, ttl of the handler", "cloudfront {\nsigner media {\nkey internal\n" + resource + "window 20m\n}\n}\n", ":9999\ncloudfront_links media {\nttl 30m\n}\n", []string{"cloudfront_links", "signer media", "window 20m"}},
		{"resource with an unset variable", "", links("key internal\nresource https://{env.CLOUDFRONT_TEST_UNSET}/*"), []string{"cloudfront_links", "resource", "CLOUDFRONT_TEST_UNSET"}},
		{"except inside a resource that is opened as a whole", "", links("key internal\nscope resource\n" + resource + "except https://cdn.example.com/private/keys/*"), []string{"cloudfront_links", "except https://cdn.example.com/private/keys/*", "scope link"}},
		{"except inside a visitor's resource", "", ":9999\ncloudfront_cookies {\nkey internal\nresource https://cdn.example.com/u/{http.auth.user.id}/*\nexcept https://cdn.example.com/u/root/*\n}\n", []string{"cloudfront_cookies", "except https://cdn.example.com/u/root/*"}},
		{"previous is the key itself", "", links(resource + "key_file " + rsaFile + "\nkey_pair_id K1\nprevious K1 " + rsaPublic), []string{"cloudfront_links", "previous K1: is the key_pair_id in use"}},
		{"map outside of every resource", "", links("key internal\n" + resource + "map /assets/ https://cdn.example.com/public/"), []string{"cloudfront_links", "map: https://cdn.example.com/public/ lies outside of every resource"}},
		{"previous key missing", "", links(resource + "key internal\nprevious K0 /nonexistent/public.pem"), []string{"cloudfront_links", "previous K0", "/nonexistent/public.pem"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := validate(withGlobals(t, tt.globals, tt.sites))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the value: %q", err)
			}
		})
	}
}

// A JSON config gets the same messages as a Caddyfile.
func TestJSONMistakes(t *testing.T) {
	handler := func(fields string) string {
		return `{"apps":{"http":{"servers":{"s":{"listen":["127.0.0.1:0"],"routes":[{"handle":[{` + fields + `}]}]}}}}}`
	}
	tests := []struct{ name, json, want string }{
		{"client-controlled requirement", handler(`"handler":"cloudfront_links","key":{"source":"internal"},"resources":["https://cdn.example.com/*"],"require":[{"kind":"placeholder","name":"http.request.header.X"}]`), "a client may control this value"},
		{"bad scope", handler(`"handler":"cloudfront_links","key":{"source":"internal"},"resources":["https://cdn.example.com/*"],"scope":"page"`), "scope page: is not known"},
		{"bad hash", handler(`"handler":"cloudfront_links","key":{"source":"internal"},"resources":["https://cdn.example.com/*"],"hash":"md5"`), `"md5" is not known`},
		{"literal PEM", handler(`"handler":"cloudfront_links","key":{"source":"pem","pem":"-----BEGIN PRIVATE KEY-----"},"key_pair_id":"K1","resources":["https://cdn.example.com/*"]`), "a key must not stand in the config"},
		{"PEM as path", handler(`"handler":"cloudfront_links","key":{"source":"file","path":"-----BEGIN PRIVATE KEY-----\nMIIB"},"key_pair_id":"K1","resources":["https://cdn.example.com/*"]`), "key_file takes the path of a file, not the key itself"},
		{"bad pattern", handler(`"handler":"cloudfront_cookies","key":{"source":"internal"},"resources":["cdn.example.com/*"]`), "resource cdn.example.com/*"},
		{"none with others", handler(`"handler":"cloudfront_links","key":{"source":"internal"},"resources":["https://cdn.example.com/*"],"require":[{"kind":"none"},{"kind":"auth"}]`), "require none: opens the route"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := validateJSON([]byte(tt.json))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// A named signer knows the short forms of placeholders, as sites do.
func TestShorthandsInNamedSigner(t *testing.T) {
	err := validate(withGlobals(t, "cloudfront {\nsigner media {\nkey internal\nresource https://cdn.example.com/{vars.tenant}/*\nrequire {vars.member}\nrequire {tls_client_subject}\n}\n}\n", ":9999\ncloudfront_links media\n"))
	if err != nil {
		t.Error(err)
	}
}

// Validating creates nothing: the internal key is made at the start.
func TestValidateCreatesNothing(t *testing.T) {
	storage := t.TempDir()
	err := validate("{\nadmin off\nstorage file_system " + storage + "\n}\n:9999\ncloudfront_links {\nkey internal\nresource https://cdn.example.com/*\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if files := listFiles(t, storage); len(files) > 0 {
		t.Errorf("created %v", files)
	}
}

// The directives' order is part of what users rely on.
func TestDirectiveOrder(t *testing.T) {
	config, err := adapt(":9999\n" + `
		respond hello
		cloudfront_links media
		cloudfront_cookies media
		cloudfront_redirect media https://cdn.example.com{uri}
		encode
		redir /x /y
		cloudfront_verify media
	`)
	if err != nil {
		t.Fatal(err)
	}
	position := -1
	for _, handler := range []string{`"cloudfront_verify"`, `"static_response"`, `"encode"`, `"cloudfront_redirect"`, `"cloudfront_cookies"`, `"cloudfront_links"`} {
		at := strings.Index(string(config), `"handler":`+handler)
		if at <= position {
			t.Errorf("%s stands at %d, not after %d, in %s", handler, at, position, config)
		}
		position = at
	}
}
