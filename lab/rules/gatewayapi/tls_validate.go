package gatewayapi

import (
	"maps"
	"slices"

	gateway "sigs.k8s.io/gateway-api/apis/v1"

	"istio-tutorial/lab/rules"
)

// listenerTLS holds what a listener says of encryption.
func (v *validator) listenerTLS(path string, l gateway.Listener) {
	t := l.TLS
	switch {
	case !isSecure(l):
		if t != nil {
			v.Fail(path, "must not be specified for protocol %s", l.Protocol)
		}
		return
	case l.Protocol == gateway.TLSProtocolType && (t == nil || t.Mode == nil):
		v.Fail(path+".mode", "missing, for protocol TLS")
		return
	case t == nil:
		return
	}
	mode := or(t.Mode, gateway.TLSModeTerminate)
	v.OneOf(path+".mode", string(mode), "Terminate", "Passthrough")
	v.atMost(path+".certificateRefs", len(t.CertificateRefs), mostListeners)
	v.atMost(path+".options", len(t.Options), mostOthers)
	switch {
	case l.Protocol == gateway.HTTPSProtocolType && mode != gateway.TLSModeTerminate:
		v.Fail(path+".mode", "must be Terminate for protocol HTTPS")
	case l.Protocol == gateway.TLSProtocolType && mode == gateway.TLSModeTerminate:
		v.Fail(path+".mode", "Terminate with protocol TLS: %w", rules.ErrUnsupported)
	case mode == gateway.TLSModeTerminate:
		v.certificateRefs(path, t)
	}
	v.options(path+".options", t.Options)
}

func (v *validator) certificateRefs(path string, t *gateway.ListenerTLSConfig) {
	switch len(t.CertificateRefs) {
	case 0:
		if len(t.Options) == 0 {
			v.Fail(path, "certificateRefs or options must be specified when mode is Terminate")
		} else {
			v.Fail(path+".certificateRefs", "none: %w", rules.ErrUnsupported)
		}
	case 1:
		v.Required(path+".certificateRefs[0].name", t.CertificateRefs[0].Name)
	default:
		v.Fail(path+".certificateRefs", "several: %w", rules.ErrUnsupported)
	}
}

// options are those that Istio looks at; it passes over others.
func (v *validator) options(path string, options map[gateway.AnnotationKey]gateway.AnnotationValue) {
	for _, key := range slices.Sorted(maps.Keys(options)) {
		field := path + "[" + string(key) + "]"
		switch value := string(options[key]); {
		case key == modeOption && (value == "ISTIO_SIMPLE" || value == "ISTIO_MUTUAL"):
			v.Fail(field, "%s: %w", value, rules.ErrUnsupported)
		case key == "gateway.istio.io/tls-cipher-suites":
			v.Fail(field, "%w", rules.ErrUnsupported)
		}
	}
}

// gatewayTLS holds what a Gateway says of the encryption of all its listeners.
func (v *validator) gatewayTLS(path string, t *gateway.GatewayTLSConfig) {
	if t == nil {
		return
	}
	if t.Backend != nil {
		v.Fail(path+".backend", "%w", rules.ErrUnsupported)
	}
	if t.Frontend == nil {
		return
	}
	v.validation(path+".frontend.default.validation", t.Frontend.Default.Validation)
	v.atMost(path+".frontend.perPort", len(t.Frontend.PerPort), mostListeners)
	ports := map[gateway.PortNumber]bool{}
	for i, p := range t.Frontend.PerPort {
		field := rules.At(path+".frontend.perPort", i)
		v.Port(field+".port", int(p.Port))
		if ports[p.Port] {
			v.Fail(field+".port", "%d given twice", p.Port)
		}
		ports[p.Port] = true
		v.validation(field+".tls.validation", p.TLS.Validation)
	}
}

// mostAuthorities are what the API server takes; Istio takes one.
const mostAuthorities = 8

func (v *validator) validation(path string, f *gateway.FrontendTLSValidation) {
	if f == nil {
		return
	}
	if mode := string(f.Mode); mode != "" {
		v.OneOf(path+".mode", mode, string(gateway.AllowValidOnly), string(gateway.AllowInsecureFallback))
	}
	field := path + ".caCertificateRefs"
	v.Required(field, f.CACertificateRefs)
	v.atMost(field, len(f.CACertificateRefs), mostAuthorities)
	for i, ref := range f.CACertificateRefs {
		at := rules.At(field, i)
		v.Required(at+".name", ref.Name)
		if ref.Namespace != nil {
			v.label(at+".namespace", string(*ref.Namespace))
		}
		if v.Required(at+".kind", ref.Kind) && (ref.Group != "" || ref.Kind != secretKind) {
			v.Fail(at+".kind", "%s: %w; want Secret", ref.Kind, rules.ErrUnsupported)
		}
	}
}
