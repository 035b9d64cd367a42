package cloudfront

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:      "cloudfront",
		Usage:     "<command>",
		Short:     "Signs, inspects and verifies CloudFront URLs and cookies",
		CobraFunc: cloudfrontCommand,
	})
}

// The exit codes. Caddy itself prints what comes with 1 in its own way, so
// that one is not used.
const (
	exitTrouble = 2 // the command line, a file, a key or a URL can't be used
	exitNo      = 3 // something was not signed, or CloudFront would refuse
)

// errNo ends a command whose answer, which is printed already, is no.
var errNo = errors.New("no")

func cloudfrontCommand(cmd *cobra.Command) {
	cmd.Long = `Works with CloudFront's signed URLs and signed cookies from a shell, with a key
file or with the signers of a Caddy config.

Results go to the standard output and nothing else does; words go to the
standard error. No secret is ever needed on a command line.

Exit codes: 0 for success; 2 if the command line, a file, a key or a URL can't
be used; 3 if something was not signed, or CloudFront would refuse it.`
	cmd.Example = `  caddy cloudfront keygen
  caddy cloudfront sign --config /etc/caddy/Caddyfile https://cdn.example.com/private/a.jpg
  caddy cloudfront inspect 'https://cdn.example.com/private/a.jpg?Expires=…'
  caddy cloudfront verify --public-key cloudfront.pub.pem 'https://cdn.example.com/…'`
	cmd.AddCommand(signCommand(), cookiesCommand(), inspectCommand(), verifyCommand(), keygenCommand())
	run(cmd, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("there is no command %q; see caddy cloudfront --help", args[0])
		}
		return cmd.Help()
	})
}

// run makes f what a command runs, and turns its error into words on the
// standard error and an exit code.
func run(cmd *cobra.Command, f func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.DisableFlagsInUseLine = true
	end := func(cmd *cobra.Command, err error) error {
		code := exitTrouble
		if errors.Is(err, errNo) {
			code = exitNo
		} else {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", cmd.CommandPath(), err)
		}
		// Only the code goes to Caddy, which would log an error once more.
		cmd.SilenceErrors = true
		return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return code, nil })(cmd, nil)
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return end(cmd, fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f(cmd, args); err != nil {
			return end(cmd, err)
		}
		return nil
	}
	return cmd
}

// say prints words for a human.
func say(cmd *cobra.Command, format string, args ...any) {
	fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
}

// printJSON prints one result as one line.
func printJSON(cmd *cobra.Command, v any) error {
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetEscapeHTML(false) // an & in a URL stays one
	return encoder.Encode(v)
}

// arguments returns the arguments or, if there are none or "-" stands for
// them, the lines of the standard input that are not empty.
func arguments(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) > 0 && (len(args) != 1 || args[0] != "-") {
		return args, nil
	}
	var lines []string
	scanner := bufio.NewScanner(cmd.InOrStdin())
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, scanner.Err()
}

// moment is the flag for what is taken for now.
type moment struct{ time.Time }

func (m *moment) flag(cmd *cobra.Command) {
	cmd.Flags().Var(m, "at", "the moment to take for now: RFC 3339, or Unix seconds (default: now)")
}

// now is a function for commands to call once they run.
func (m *moment) now() time.Time {
	if m.IsZero() {
		return time.Now()
	}
	return m.Time
}

func (m *moment) Type() string { return "time" }

func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

func (m *moment) Set(value string) error {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		m.Time = time.Unix(seconds, 0)
		return nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return errors.New("write a time such as 2026-01-31T18:00:00Z, or Unix seconds")
	}
	m.Time = t
	return nil
}

// when gives a moment in the local zone and how far from now it is.
func when(epoch int64, now time.Time) string {
	t := time.Unix(epoch, 0)
	local := t.Local().Format("2006-01-02 15:04:05 MST")
	distance := t.Sub(now).Round(time.Second)
	if distance < 0 {
		return local + " (" + span(-distance) + " ago)"
	}
	return local + " (in " + span(distance) + ")"
}

// span writes a duration with days.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d < day {
		return d.String()
	}
	rest := (d % day).Round(time.Minute)
	return fmt.Sprintf("%dd%dh%dm", d/day, rest/time.Hour, rest%time.Hour/time.Minute)
}

// readAll reads a value that may be in the standard input, because it is
// secret or long: "-" stands for that.
func readAll(cmd *cobra.Command, value string) (string, error) {
	if value != "-" {
		return value, nil
	}
	data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
	return strings.TrimSpace(string(data)), err
}
