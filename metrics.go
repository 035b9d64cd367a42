package cloudfront

import (
	"errors"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// The metrics. Their labels take values from closed sets only: handlers'
// names, signers' names as configured (several joined by commas) or "inline",
// and reasons; never anything out of a request.
var (
	responsesTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "caddy",
		Subsystem: "cloudfront",
		Name:      "responses_total",
		Help:      "Responses that passed a handler, by its signer and by what it did: signed, issued or the reason for nothing.",
	}, []string{"handler", "signer", "result"})

	linksTotal = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "caddy",
		Subsystem: "cloudfront",
		Name:      "links_total",
		Help:      "Links found in responses, by signer and by what was done: signed, or the reason for leaving one alone.",
	}, []string{"signer", "result"})

	heldBytes = prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "caddy",
		Subsystem: "cloudfront",
		Name:      "held_bytes",
		Help:      "Memory of response bodies that are held back until their header can be decided.",
	}, func() float64 { return float64(held.Load()) })
)

// resultSigned is the result that is no reason.
const resultSigned = "signed"

// signersLabel is the label of the signers that a handler names, or of its own.
func signersLabel(names []string) string {
	if len(names) == 0 {
		return inlineSigner
	}
	return strings.Join(names, ",")
}

// registerMetrics puts the metrics into the registry of a config that is being
// loaded. There is a new one with each reload; the collectors stay, and with
// them their values. Every handler may call it.
func registerMetrics(ctx caddy.Context) error {
	for _, c := range []prometheus.Collector{responsesTotal, linksTotal, heldBytes} {
		err := ctx.GetMetricsRegistry().Register(c)
		if already := (prometheus.AlreadyRegisteredError{}); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}
