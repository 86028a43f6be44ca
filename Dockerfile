# All images come from here, one stage each. The programs, the licences of what is linked into
# them and the certificates are made outside: bin/images.sh lays them into the build context.
FROM scratch AS base
ARG PROGRAM
COPY ${PROGRAM} /
COPY ${PROGRAM}.licenses /licenses
COPY ca-certificates.crt /etc/ssl/certs/
ENV PATH=/ JAEGER_SERVICE_NAME=${PROGRAM} JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1
USER 65532:65532
EXPOSE 8080 9779

FROM base AS customer
ENTRYPOINT ["/customer"]

FROM base AS preference
ENTRYPOINT ["/preference"]

FROM base AS recommendation
ARG VERSION
ENV VERSION=${VERSION}
ENTRYPOINT ["/recommendation"]

FROM base AS egress
ARG NAME
ARG EGRESS_URL
ENV JAEGER_SERVICE_NAME=${NAME} EGRESS_URL=${EGRESS_URL}
ENTRYPOINT ["/egress"]

# The hosts outside of the mesh, for lessons on a cluster without internet; not of the tutorial's chain.
FROM base AS outside
ENTRYPOINT ["/outside"]
