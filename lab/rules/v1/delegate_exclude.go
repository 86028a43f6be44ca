package v1

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"
)

func fieldNamed(m protoreflect.Message, name string) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(protoreflect.Name(name))
}

// exclude reports whether a match of a delegate is not within one of its root, as Istio compares.
func exclude(root, own *networking.HTTPMatchRequest) bool {
	return beyond(root.Uri, own.Uri) || beyond(root.Scheme, own.Scheme) ||
		beyond(root.Method, own.Method) || beyond(root.Authority, own.Authority) ||
		anyBeyond(root.Headers, own.Headers) || anyBeyond(root.WithoutHeaders, own.WithoutHeaders) ||
		anyBeyond(root.QueryParams, own.QueryParams) || excludeCallers(root, own) ||
		root.IgnoreUriCase != own.IgnoreUriCase ||
		root.Port > 0 && own.Port > 0 && root.Port != own.Port
}

// excludeCallers also where only the root names a namespace, as Istio has it.
func excludeCallers(root, own *networking.HTTPMatchRequest) bool {
	for key, value := range own.SourceLabels {
		if other, ok := root.SourceLabels[key]; ok && other != value {
			return true
		}
	}
	return root.SourceNamespace != "" && root.SourceNamespace != own.SourceNamespace ||
		len(root.Gateways) > 0 && slices.ContainsFunc(own.Gateways, func(g string) bool {
			return !slices.Contains(root.Gateways, g)
		})
}

func anyBeyond(root, own map[string]*networking.StringMatch) bool {
	for name, m := range own {
		if beyond(root[name], m) {
			return true
		}
	}
	return false
}

// beyond reports whether a text may meet own without meeting root. Regular expressions are not
// compared: beside one, nothing else may be.
func beyond(root, own *networking.StringMatch) bool {
	if root == nil || own == nil {
		return false
	}
	switch {
	case root.GetRegex() != "" || own.GetRegex() != "":
		return true
	case root.GetExact() != "":
		return own.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && own.GetPrefix() != "":
		return !strings.HasPrefix(own.GetPrefix(), root.GetPrefix())
	case root.GetPrefix() != "" && own.GetExact() != "":
		return !strings.HasPrefix(own.GetExact(), root.GetPrefix())
	default:
		return true
	}
}
