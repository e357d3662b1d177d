package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Fingerprint identifies the problem that an alert reports: two alerts about
// the same problem have the same fingerprint, whenever and however often they
// are sent. Labels and times are left out, they change from one to the next.
func Fingerprint(a Alert) string {
	h := sha256.New()
	for _, field := range []string{
		strings.ToLower(strings.TrimSpace(a.Name)),
		strings.ToLower(strings.TrimSpace(a.Namespace)),
		a.Resource.Kind,
		a.Resource.Name,
	} {
		h.Write([]byte(field))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
