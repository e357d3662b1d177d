package gateway

import (
	"encoding/json"
	"fmt"
	"time"
)

// Severities that the gateway knows. Anything else is treated as info.
const (
	SeverityCritical = "critical"
	SeverityWarning  = "warning"
	SeverityInfo     = "info"
)

// Resource is what an alert is about.
type Resource struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Alert is one notification as it arrives from a source.
type Alert struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Severity  string            `json:"severity"`
	Resource  Resource          `json:"resource"`
	Source    string            `json:"source"`
	Labels    map[string]string `json:"labels,omitempty"`
	StartsAt  time.Time         `json:"startsAt"`
}

// Validate reports whether the gateway can work with the alert at all.
func (a Alert) Validate() error {
	switch {
	case a.Name == "":
		return fmt.Errorf("%w: no name", ErrInvalidAlert)
	case a.Namespace == "":
		return fmt.Errorf("%w: no namespace", ErrInvalidAlert)
	case a.Source == "":
		return fmt.Errorf("%w: no source", ErrInvalidAlert)
	}
	return nil
}

// ParseAlertmanager reads the body of an Alertmanager webhook.
func ParseAlertmanager(body []byte) ([]Alert, error) {
	var hook struct {
		Receiver string `json:"receiver"`
		Alerts   []struct {
			Status   string            `json:"status"`
			Labels   map[string]string `json:"labels"`
			StartsAt time.Time         `json:"startsAt"`
		} `json:"alerts"`
	}
	if err := json.Unmarshal(body, &hook); err != nil {
		return nil, fmt.Errorf("parse webhook: %w", err)
	}
	var alerts []Alert
	for _, in := range hook.Alerts {
		if in.Status != "firing" {
			continue
		}
		a := Alert{
			Name:      in.Labels["alertname"],
			Namespace: in.Labels["namespace"],
			Severity:  in.Labels["severity"],
			Source:    hook.Receiver,
			Labels:    in.Labels,
			StartsAt:  in.StartsAt,
		}
		if pod, ok := in.Labels["pod"]; ok {
			a.Resource = Resource{Kind: "Pod", Name: pod}
		}
		alerts = append(alerts, a)
	}
	return alerts, nil
}
