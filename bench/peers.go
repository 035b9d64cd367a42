package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// startPeers starts nginx and Apache as Debian packages them, each once plain
// and once replacing one string in every page: the closest that they come to
// signing links.
func startPeers(upstream string, start func(*server, error) *server) ([]contender, error) {
	if err := install("nginx", "nginx"); err != nil {
		return nil, err
	}
	if err := install("apache2", "apache2"); err != nil {
		return nil, err
	}
	plainNginx := start(startNginx(upstream, ""))
	subFilter := start(startNginx(upstream, "proxy_set_header Accept-Encoding \"\"; sub_filter_once off; sub_filter 'https://"+cdn+"/private/' 'https://"+cdn+"/private/x/';"))
	plainApache := start(startApache(upstream, ""))
	substitute := start(startApache(upstream, "AddOutputFilterByType SUBSTITUTE text/html\nSubstituteMaxLineLength 20m\nSubstitute \"s|https://"+cdn+"/private/|https://"+cdn+"/private/x/|n\""))
	proxyHTML := start(startApache(upstream, "ProxyHTMLEnable On\nProxyHTMLExtended On\nProxyHTMLURLMap https://"+cdn+"/private/ https://"+cdn+"/private/x/"))

	var all []contender
	for _, density := range []int{0, 20, 200} {
		path := htmlPath(95_000, density)
		n := links(95_000, density)
		all = append(all,
			contender{name: fmt.Sprintf("nginx sub_filter over nginx, 95 KB, %d links", n), path: path, server: subFilter, plain: plainNginx},
			contender{name: fmt.Sprintf("Apache mod_substitute over Apache, 95 KB, %d links", n), path: path, server: substitute, plain: plainApache},
			contender{name: fmt.Sprintf("Apache mod_proxy_html over Apache, 95 KB, %d links", n), path: path, server: proxyHTML, plain: plainApache})
	}
	return all, nil
}

func startNginx(upstream, directives string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	// The worker may run as another user.
	if err := os.Chmod(folder, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "nginx.conf")
	config := fmt.Sprintf(`daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	upstream app {
		server %[2]s;
		keepalive 16;
	}
	server {
		listen %[3]s;
		location / {
			proxy_pass http://app;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			%[4]s
		}
	}
}
`, folder, upstream, addr, directives)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	return startServer(addr, "nginx", "-c", path)
}

func startApache(upstream, directives string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	const modules = "/usr/lib/apache2/modules/mod_"
	config := fmt.Sprintf("ServerName localhost\nListen %s\n", addr)
	for _, name := range []string{"mpm_event", "authz_core", "filter", "proxy", "proxy_http", "substitute", "xml2enc", "proxy_html"} {
		config += fmt.Sprintf("LoadModule %s_module %s%s.so\n", name, modules, name)
	}
	path, err := tempFile("apache.conf", "")
	if err != nil {
		return nil, err
	}
	config += fmt.Sprintf("DefaultRuntimeDir %[1]s\nPidFile %[1]s/pid\nErrorLog %[1]s/error.log\nProxyPass / http://%[2]s/\n%[3]s\n", filepath.Dir(path), upstream, directives)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	return startServer(addr, "apache2", "-f", path, "-DFOREGROUND")
}
