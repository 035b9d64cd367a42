package main

import (
	"net"
	"net/http"
	"strconv"
)

// document is what the upstream serves under a path.
type document struct {
	contentType string
	body        []byte
	chunked     bool // sent without a length, as templates are
}

// serveUpstream serves documents on a free loopback port until the process
// ends, and returns the address.
func serveUpstream(docs map[string]document) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	for path, doc := range docs {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", doc.contentType)
			if !doc.chunked {
				w.Header().Set("Content-Length", strconv.Itoa(len(doc.body)))
			}
			for part := range chunks(doc.body) {
				if _, err := w.Write(part); err != nil {
					return
				}
			}
		})
	}
	go http.Serve(l, mux)
	return l.Addr().String(), nil
}

// chunks cuts a body into pieces as an app writes them.
func chunks(body []byte) func(yield func([]byte) bool) {
	const size = 32 << 10
	return func(yield func([]byte) bool) {
		for len(body) > size {
			if !yield(body[:size]) {
				return
			}
			body = body[size:]
		}
		yield(body)
	}
}
