package classic

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// The fields are those of istio.io/api/routing/v1alpha1 as Istio 0.7.1 had it.

type reference struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Domain    string            `json:"domain"`
	Service   string            `json:"service"`
	Labels    map[string]string `json:"labels"`
}

type routeRule struct {
	Destination      *reference        `json:"destination"`
	Precedence       int32             `json:"precedence"`
	Match            *match            `json:"match"`
	Route            []weighted        `json:"route"`
	Redirect         *place            `json:"redirect"`
	Rewrite          *place            `json:"rewrite"`
	WebsocketUpgrade bool              `json:"websocketUpgrade"`
	Timeout          *routeTimeout     `json:"httpReqTimeout"`
	Retries          *routeRetry       `json:"httpReqRetries"`
	Fault            *routeFault       `json:"httpFault"`
	L4Fault          unsupported       `json:"l4Fault"`
	Mirror           *reference        `json:"mirror"`
	CorsPolicy       *cors             `json:"corsPolicy"`
	AppendHeaders    map[string]string `json:"appendHeaders"`
}

// place is where a request goes in place of its own path and host.
type place struct {
	URI       string `json:"uri"`
	Authority string `json:"authority"`
}

type cors struct {
	AllowOrigin      []string `json:"allowOrigin"`
	AllowMethods     []string `json:"allowMethods"`
	AllowHeaders     []string `json:"allowHeaders"`
	ExposeHeaders    []string `json:"exposeHeaders"`
	MaxAge           *days    `json:"maxAge"`
	AllowCredentials *bool    `json:"allowCredentials"`
}

// days is a duration that the reference of 2018 wrote as 1d, which Go does not know.
type days struct{ duration }

func (d *days) UnmarshalJSON(data []byte) error {
	var text string
	number, ok := "", false
	if json.Unmarshal(data, &text) == nil {
		number, ok = strings.CutSuffix(text, "d")
	}
	if n, err := strconv.Atoi(number); ok && err == nil && n >= 0 && n <= mostDays {
		d.duration = duration(n * 24 * int(time.Hour))
		return nil
	}
	return d.duration.UnmarshalJSON(data)
}

const mostDays = 10_000

type match struct {
	Source  *reference  `json:"source"`
	TCP     unsupported `json:"tcp"`
	UDP     unsupported `json:"udp"`
	Request *struct {
		Headers map[string]*stringMatch `json:"headers"`
	} `json:"request"`
}

type stringMatch struct {
	Exact  *string `json:"exact"`
	Prefix *string `json:"prefix"`
	Regex  *string `json:"regex"`
}

type weighted struct {
	Destination *reference        `json:"destination"`
	Labels      map[string]string `json:"labels"`
	Weight      int32             `json:"weight"`
}

type routeTimeout struct {
	Simple *struct {
		Timeout            *duration `json:"timeout"`
		OverrideHeaderName string    `json:"overrideHeaderName"`
	} `json:"simpleTimeout"`
	Custom unsupported `json:"custom"`
}

type routeRetry struct {
	Simple *struct {
		Attempts           int32     `json:"attempts"`
		PerTryTimeout      *duration `json:"perTryTimeout"`
		OverrideHeaderName string    `json:"overrideHeaderName"`
	} `json:"simpleRetry"`
	Custom unsupported `json:"custom"`
}

type routeFault struct {
	Delay *struct {
		Percent            float32     `json:"percent"`
		FixedDelay         *duration   `json:"fixedDelay"`
		ExponentialDelay   unsupported `json:"exponentialDelay"`
		OverrideHeaderName string      `json:"overrideHeaderName"`
	} `json:"delay"`
	Abort *struct {
		Percent            float32     `json:"percent"`
		HTTPStatus         int32       `json:"httpStatus"`
		GRPCStatus         unsupported `json:"grpcStatus"`
		HTTP2Error         unsupported `json:"http2Error"`
		OverrideHeaderName string      `json:"overrideHeaderName"`
	} `json:"abort"`
}

type destinationPolicy struct {
	Source        *reference `json:"source"`
	Destination   *reference `json:"destination"`
	LoadBalancing *struct {
		Name   *balance    `json:"name"`
		Custom unsupported `json:"custom"`
	} `json:"loadBalancing"`
	CircuitBreaker *struct {
		Simple *breaker    `json:"simpleCb"`
		Custom unsupported `json:"custom"`
	} `json:"circuitBreaker"`
}

type breaker struct {
	MaxConnections           int32     `json:"maxConnections"`
	MaxPendingRequests       int32     `json:"httpMaxPendingRequests"`
	MaxRequests              int32     `json:"httpMaxRequests"`
	MaxRetries               int32     `json:"httpMaxRetries"`
	MaxRequestsPerConnection int32     `json:"httpMaxRequestsPerConnection"`
	ConsecutiveErrors        int32     `json:"httpConsecutiveErrors"`
	MaxEjectionPercent       int32     `json:"httpMaxEjectionPercent"`
	SleepWindow              *duration `json:"sleepWindow"`
	DetectionInterval        *duration `json:"httpDetectionInterval"`
}

type egressRule struct {
	Destination *reference   `json:"destination"`
	Ports       []egressPort `json:"ports"`
	UseProxy    unsupported  `json:"useEgressProxy"`
}

type egressPort struct {
	Port     int32  `json:"port"`
	Protocol string `json:"protocol"`
}

// duration is written as Go writes it, with a unit.
type duration time.Duration

func (d *duration) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		if parsed, err := time.ParseDuration(text); err == nil {
			*d = duration(parsed)
			return nil
		}
	}
	return fmt.Errorf("want a duration such as 1s, 500ms or 1m30s, not %s", data)
}

func (d *duration) of() time.Duration {
	if d == nil {
		return 0
	}
	return time.Duration(*d)
}

// balance is written by its name; protobuf takes its number too.
type balance struct{ mesh.Balance }

func (b *balance) UnmarshalJSON(data []byte) error {
	for number, name := range []string{"ROUND_ROBIN", "LEAST_CONN", "RANDOM"} {
		if text := string(data); text == fmt.Sprintf("%q", name) || text == fmt.Sprint(number) {
			b.Balance = []mesh.Balance{mesh.RoundRobin, mesh.LeastRequest, mesh.Random}[number]
			return nil
		}
	}
	return fmt.Errorf("want ROUND_ROBIN, LEAST_CONN or RANDOM, not %s", data)
}

// unsupported is a field that may be there only as long as it says nothing.
type unsupported struct{}

func (*unsupported) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "false", `""`, "0":
		return nil
	default:
		return rules.ErrUnsupported
	}
}
