package classic

// The fields are those of Mixer's adapters and templates and of istio.io/api/mixer as Istio
// 0.7.1 had them.

type mixerRule struct {
	Match   predicate     `json:"match"`
	Actions []mixerAction `json:"actions"`
}

type mixerAction struct {
	Handler   string   `json:"handler"`
	Instances []string `json:"instances"`
}

type denier struct {
	Status *struct {
		Code    int32       `json:"code"`
		Message string      `json:"message"`
		Details unsupported `json:"details"`
	} `json:"status"`
	ValidDuration *duration `json:"validDuration"` // of the proxy's cache, which ours has not
	ValidUseCount int32     `json:"validUseCount"`
}

type checkNothing struct{}

type listChecker struct {
	ProviderURL     unsupported `json:"providerUrl"`
	RefreshInterval *duration   `json:"refreshInterval"`
	TTL             *duration   `json:"ttl"`
	CachingInterval *duration   `json:"cachingInterval"` // of the proxy's cache, which ours has not
	CachingUseCount int32       `json:"cachingUseCount"`
	EntryType       string      `json:"entryType"`
	Overrides       []string    `json:"overrides"`
	Blacklist       bool        `json:"blacklist"`
}

type listEntry struct {
	Value static `json:"value"`
}

type memQuota struct {
	Quotas []struct {
		Name string `json:"name"`
		allowance
		Overrides []struct {
			Dimensions map[string]string `json:"dimensions"`
			allowance
		} `json:"overrides"`
	} `json:"quotas"`
	MinDeduplicationDuration *duration `json:"minDeduplicationDuration"`
}

type allowance struct {
	MaxAmount     int64     `json:"maxAmount"`
	ValidDuration *duration `json:"validDuration"`
}

type quota struct {
	Dimensions map[string]static `json:"dimensions"`
}

type quotaSpec struct {
	Rules []struct {
		Match  unsupported   `json:"match"`
		Quotas []quotaCharge `json:"quotas"`
	} `json:"rules"`
}

type quotaCharge struct {
	Quota  string `json:"quota"`
	Charge int64  `json:"charge"`
}

type quotaSpecBinding struct {
	Services   []reference `json:"services"`
	QuotaSpecs []struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"quotaSpecs"`
}

type metric struct {
	Value                       value            `json:"value"`
	Dimensions                  map[string]value `json:"dimensions"`
	MonitoredResourceType       value            `json:"monitoredResourceType"` // not Prometheus's
	MonitoredResourceDimensions map[string]value `json:"monitoredResourceDimensions"`
}

type prometheus struct {
	Metrics []struct {
		Name         string      `json:"name"`
		InstanceName string      `json:"instanceName"`
		Description  string      `json:"description"`
		Kind         string      `json:"kind"`
		Buckets      unsupported `json:"buckets"`
		LabelNames   []string    `json:"labelNames"`
	} `json:"metrics"`
}
