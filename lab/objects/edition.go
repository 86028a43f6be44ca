package objects

import "fmt"

// Edition says whose defaults hold while there is no rule; "" is Classic. Rules bring their own.
type Edition string

// The editions. Those of today have the same defaults.
const (
	Classic    Edition = "classic"
	V1         Edition = "v1"
	GatewayAPI Edition = "gateway-api"
)

// dialect is the place of an edition's dialect among dialects.
func (e Edition) dialect() (int, error) {
	switch e {
	case Classic, "":
		return 0, nil
	case V1, GatewayAPI:
		return 1, nil
	default:
		return 0, fmt.Errorf("%q: want %s, %s or %s", string(e), Classic, V1, GatewayAPI)
	}
}

// In is the same objects in an edition; the zero Set is in the classic one.
func (s Set) In(e Edition) (Set, error) {
	d, err := e.dialect()
	if err != nil {
		return s, err
	}
	s.edition = d
	return s.resolved(), nil
}
