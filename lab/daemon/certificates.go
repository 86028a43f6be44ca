package daemon

import (
	"context"
	"time"
)

// renew has the proxy get certificates anew before they end. A push that fails is made again: half of
// a certificate's time is left for it.
func (l *lab) renew(ctx context.Context) {
	look := time.NewTicker(l.identities.Often())
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		if l.identities.Due() && l.publish(ctx) == nil {
			l.identities.Forget()
		}
	}
}
